import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Properties;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;

/**
 * Fetches the Maven of maven-wrapper.properties if it isn't there yet, verifies its SHA-512 and prints the folder it is in. Needs nothing
 * but a JDK, which every user of this build has; run by mvnw and mvnw.cmd.
 */
final class FetchMaven {

    private static final int ATTEMPTS = 4;

    private FetchMaven() {}

    public static void main(String[] arguments) throws Exception {
        Properties wanted = new Properties();
        try (InputStream in = Files.newInputStream(Path.of(arguments[0]))) {
            wanted.load(in);
        }
        String group = wanted.getProperty("groupId");
        String artifact = wanted.getProperty("artifactId");
        String version = wanted.getProperty("version");
        String name = artifact + "-" + version;
        Path home = userHome().resolve(".m2").resolve("wrapper").resolve(name);
        if (!Files.isRegularFile(home.resolve("bin").resolve("mvn"))) {
            String path =
                    String.join("/", group.replace('.', '/'), artifact, version, name + "-bin.zip");
            URI source = URI.create(repository(group) + "/" + path);
            Files.createDirectories(home.getParent());
            Path scratch = Files.createTempDirectory(home.getParent(), name);
            try {
                System.err.println("Fetching Maven " + version + " …");
                Path archive = scratch.resolve("maven.zip");
                download(source, archive);
                verify(archive, wanted.getProperty("sha512"));
                unpack(archive, scratch);
                moveIntoPlace(scratch.resolve(name), home);
            } finally {
                delete(scratch);
            }
        }
        System.out.println(home);
    }

    private static Path userHome() {
        String home = System.getenv("HOME");
        return Path.of(home == null || home.isEmpty() ? System.getProperty("user.home") : home);
    }

    /** Maven Central is served by the host "repo" of Maven's own domain, which is its group id turned round. */
    private static String repository(String group) {
        String mirror = System.getenv("MVNW_REPOURL");
        if (mirror != null && !mirror.isEmpty()) {
            return mirror.endsWith("/") ? mirror.substring(0, mirror.length() - 1) : mirror;
        }
        StringBuilder domain = new StringBuilder();
        for (String part : group.split("\\.")) {
            domain.insert(0, "." + part);
        }
        return "https://repo" + domain + "/maven2";
    }

    private static void download(URI source, Path archive) throws Exception {
        HttpClient client =
                HttpClient.newBuilder()
                        .followRedirects(HttpClient.Redirect.NORMAL)
                        .connectTimeout(Duration.ofSeconds(30))
                        .build();
        HttpRequest request = HttpRequest.newBuilder(source).timeout(Duration.ofMinutes(10)).build();
        IOException last = null;
        for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
            try {
                int status = client.send(request, HttpResponse.BodyHandlers.ofFile(archive)).statusCode();
                if (status == 200) {
                    return;
                }
                last = new IOException(source + " answered " + status);
            } catch (IOException e) {
                last = new IOException("could not fetch " + source + ": " + e, e);
            }
        }
        throw last;
    }

    private static void verify(Path archive, String expected) throws Exception {
        MessageDigest digest = MessageDigest.getInstance("SHA-512");
        try (InputStream in = Files.newInputStream(archive)) {
            byte[] buffer = new byte[1 << 16];
            for (int read; (read = in.read(buffer)) > 0; ) {
                digest.update(buffer, 0, read);
            }
        }
        String actual = HexFormat.of().formatHex(digest.digest());
        if (!actual.equalsIgnoreCase(expected)) {
            throw new IOException("the fetched Maven has SHA-512 " + actual + ", expected " + expected);
        }
    }

    private static void unpack(Path archive, Path folder) throws IOException {
        try (ZipInputStream zip = new ZipInputStream(Files.newInputStream(archive))) {
            for (ZipEntry entry; (entry = zip.getNextEntry()) != null; ) {
                Path target = folder.resolve(entry.getName()).normalize();
                if (!target.startsWith(folder)) {
                    throw new IOException("the archive holds the path " + entry.getName());
                }
                if (entry.isDirectory()) {
                    Files.createDirectories(target);
                    continue;
                }
                Files.createDirectories(target.getParent());
                try (OutputStream out = Files.newOutputStream(target)) {
                    zip.transferTo(out);
                }
                if (target.getParent().endsWith("bin")) {
                    target.toFile().setExecutable(true, false);
                }
            }
        }
    }

    /** Another build may have been faster: then its copy is as good as ours. */
    private static void moveIntoPlace(Path unpacked, Path home) throws IOException {
        try {
            Files.move(unpacked, home, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            if (!Files.isRegularFile(home.resolve("bin").resolve("mvn"))) {
                throw e;
            }
        }
    }

    private static void delete(Path folder) throws IOException {
        List<Path> paths;
        try (Stream<Path> walk = Files.walk(folder)) {
            paths = walk.sorted(Comparator.reverseOrder()).toList();
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
        for (Path path : paths) {
            Files.deleteIfExists(path);
        }
    }
}
