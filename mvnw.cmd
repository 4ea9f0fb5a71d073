@echo off
rem Runs the Maven named in .mvn\wrapper\maven-wrapper.properties, fetching it the first time. Needs a JDK (17 or later) and nothing else.
setlocal
set "BASE=%~dp0"
set "JAVA=java"
if defined JAVA_HOME set "JAVA=%JAVA_HOME%\bin\java.exe"
for /f "usebackq delims=" %%m in (`call "%JAVA%" "%BASE%.mvn\wrapper\FetchMaven.java" "%BASE%.mvn\wrapper\maven-wrapper.properties"`) do set "MAVEN=%%m"
if not defined MAVEN exit /b 1
call "%MAVEN%\bin\mvn.cmd" %*
exit /b %ERRORLEVEL%
