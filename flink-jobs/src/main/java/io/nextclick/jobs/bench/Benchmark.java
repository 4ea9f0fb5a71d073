package io.nextclick.jobs.bench;

import org.apache.flink.configuration.MemorySize;

/** Something that is measured on a testbed, which is its own for as long as it takes. */
public interface Benchmark {

    /** What RocksDB gets outside the heap, for all subtasks together. */
    MemorySize rocksDbMemory();

    /** Measures, and prints what it finds. */
    void run(Testbed bed) throws Exception;
}
