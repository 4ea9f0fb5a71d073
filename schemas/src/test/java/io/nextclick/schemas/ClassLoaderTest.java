package io.nextclick.schemas;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.lang.ref.WeakReference;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A cluster loads a job's classes anew at each submission, in threads that never end. */
class ClassLoaderTest {

    private static final int COLLECTIONS = 50;

    @Test
    void codecsAreForgottenByTheThreadThatMadeThem() throws Exception {
        WeakReference<ClassLoader> loader = new WeakReference<>(makeCodecs());
        for (int collection = 0; loader.get() != null && collection < COLLECTIONS; collection++) {
            System.gc();
        }
        assertThat(loader.get()).isNull();
    }

    /** Makes all codecs, with classes that nobody else has. */
    private static ClassLoader makeCodecs() throws Exception {
        List<URL> classPath = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            classPath.add(new File(entry).toURI().toURL());
        }
        URLClassLoader loader =
                new URLClassLoader(
                        classPath.toArray(URL[]::new), ClassLoader.getPlatformClassLoader());
        try (loader) {
            Class<?> topics = loader.loadClass(Topics.class.getName());
            Class<?> encoding = loader.loadClass(Encoding.class.getName());
            for (Object topic : (List<?>) topics.getField("ALL").get(null)) {
                for (Object each : encoding.getEnumConstants()) {
                    assertThat(topic.getClass().getMethod("codec", encoding).invoke(topic, each))
                            .isNotNull();
                }
            }
            assertThat(topics.getClassLoader()).isSameAs(loader);
        }
        return loader;
    }
}
