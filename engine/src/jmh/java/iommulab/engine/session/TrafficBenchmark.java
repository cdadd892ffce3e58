package iommulab.engine.session;

import iommulab.engine.io.Progress;
import iommulab.engine.io.machine.MachineReader;
import iommulab.engine.session.MachineSnapshot.Counters;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/// How many requests a second go all the way: made by a source, up the PCI tree, across or into the
/// IOMMU, to memory, counted? The devices of a sample send: a NIC's rings, NVMe queues with PRP lists in
/// memory, a GPU's hot pages, a peer, interrupts. No window, no snapshots.
///
/// Run: `mvn -q -Pbench -pl engine test-compile exec:exec -Dbench=TrafficBenchmark`
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
@State(Scope.Thread)
public class TrafficBenchmark {
    private static final int REQUESTS = 10_000;

    @Param("lab-station")
    public String sample;

    private Machine machine;

    @Setup
    public void open() throws Exception {
        var file = MachineReader.read(Path.of("samples", sample + ".iommulab.json"), Progress.NONE);
        machine = Machine.powerOn(file.machine());
        for (var command : file.journal()) {
            machine.apply(command);
        }
    }

    @Benchmark
    @OperationsPerInvocation(REQUESTS)
    public Counters requests() throws CommandRefused {
        machine.traffic.run(REQUESTS);
        return machine.counters();
    }
}
