package iommulab.engine.session;

import iommulab.engine.io.DrawnArchive;
import iommulab.engine.iommu.Access;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

import java.util.concurrent.TimeUnit;

/// What does the engine pay to show its machine to the window, sixty times a second while traffic runs?
/// Every fourth function has sent a request, so that caches, events and faults are filled.
///
/// Run: `mvn -q -Pbench -pl engine test-compile exec:exec -Dbench=PublishBenchmark`
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
@State(Scope.Thread)
public class PublishBenchmark {
    @Param("1500")
    public int functions;

    private final SnapshotExchange exchange = new SnapshotExchange();
    private Machine machine;

    @Setup
    public void switchOn() throws CommandRefused {
        machine = Machine.powerOn(DrawnArchive.machine(functions));
        var all = machine.wiring().topology().functions();
        for (int i = 0; i < all.size(); i += 4) {
            machine.traffic.issueOne(
                    new Command.IssueDma(all.get(i).address(), 0x1000L * i, 64, Access.READ));
        }
    }

    /// Nothing but counters has changed since the last snapshot, as between two batches of traffic.
    @Benchmark
    public MachineSnapshot publishBetweenBatches() {
        exchange.publish(machine.snapshot(true, JournalView.EMPTY));
        return exchange.newest();
    }

    /// The tree itself was changed.
    @Benchmark
    public MachineSnapshot publishAfterEdit() {
        var last = machine.wiring().topology().functions().getLast();
        machine.replaceFunction(last.withDriver(last.driver()));
        return publishBetweenBatches();
    }
}
