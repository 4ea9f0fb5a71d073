package io.nextclick.schemas;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.apache.avro.Schema;

/**
 * Parses Avro schemas without a trace in the thread that asks for it.
 *
 * <p>Avro leaves in each thread that has made a schema a thread-local whose value is an object of
 * Avro's own classes. A job's class loader lives as long as that: for ever, in a JobManager whose
 * REST threads run the main methods of all jobs that are submitted. Each submission cost it 18 MB
 * of metaspace, and the twelfth ended it. A schema is therefore parsed in a thread that ends.
 */
final class SchemaText {

    private SchemaText() {}

    /**
     * @throws org.apache.avro.SchemaParseException if it isn't a schema
     */
    static Schema parse(String text) {
        FutureTask<Schema> parsing = new FutureTask<>(() -> new Schema.Parser().parse(text));
        Thread thread = new Thread(parsing, "Avro schema");
        thread.setDaemon(true);
        thread.start();
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return parsing.get();
                } catch (InterruptedException e) {
                    // It takes a millisecond: nobody needs to be able to give it up.
                    interrupted = true;
                }
            }
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException failure) {
                throw failure;
            }
            throw new IllegalStateException(e.getCause());
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Reads UTF-8 to its end. */
    static Schema parse(InputStream in) throws IOException {
        return parse(new String(in.readAllBytes(), StandardCharsets.UTF_8));
    }
}
