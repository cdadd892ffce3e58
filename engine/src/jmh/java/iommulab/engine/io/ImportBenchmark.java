package iommulab.engine.io;

import iommulab.engine.session.MachineDescription;

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

/// How long does it take to make a machine out of the archive of a large server: to unpack it, to read
/// its files and links, to find the order of its functions and its addresses? One thread does it, so that
/// its time is its CPU time. `firstImport` is what a user waits for: nothing is compiled yet.
///
/// Run: `mvn -q -Pbench -pl engine test-compile exec:exec -Dbench=ImportBenchmark`
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@State(Scope.Thread)
public class ImportBenchmark {
    @Param("1500")
    public int functions;

    private byte[] archive;

    @Setup
    public void draw() {
        archive = DrawnArchive.of(functions);
    }

    @Benchmark
    @BenchmarkMode(Mode.AverageTime)
    @Warmup(iterations = 4, time = 1)
    @Measurement(iterations = 5, time = 1)
    @Fork(1)
    public MachineDescription importArchive() throws FileRefused {
        return CapturedMachine.describe(DrawnArchive.read(archive), "drawn");
    }

    @Benchmark
    @BenchmarkMode(Mode.SingleShotTime)
    @Warmup(iterations = 0)
    @Measurement(iterations = 1)
    @Fork(3)
    public MachineDescription firstImport() throws FileRefused {
        return importArchive();
    }
}
