package io.nextclick.jobs.bench;

import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.RecordMetadata;

/** Keeps the first failure of a producer's sends, to be thrown where the sends were made. */
final class FirstFailure implements Callback {

    private final AtomicReference<Exception> failure = new AtomicReference<>();

    @Override
    public void onCompletion(RecordMetadata metadata, Exception exception) {
        if (exception != null) {
            failure.compareAndSet(null, exception);
        }
    }

    void rethrow() {
        Exception first = failure.get();
        if (first != null) {
            throw new IllegalStateException("clicks could not be published", first);
        }
    }
}
