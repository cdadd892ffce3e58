package iommulab.app;

import com.sun.management.OperatingSystemMXBean;

import iommulab.app.shell.Bench;
import iommulab.app.shell.Perspective;
import iommulab.engine.io.Progress;
import iommulab.engine.io.machine.MachineReader;
import iommulab.engine.session.Session;

import javafx.stage.Stage;

import org.openjdk.jmh.annotations.AuxCounters;
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
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/// How much does an open window that follows the machine take from the traffic? The engine runs as fast
/// as it can; its requests are counted over slices of time. What `watchTraffic.requests` says for a
/// perspective is to be held beside the same for `no window`. Read it on a machine with two free cores:
/// the window draws in software here, on the one that the engine leaves. The long warm-up is for JavaFX,
/// whose first ten seconds belong to the compiler.
///
/// Run: `mvn -q -Pbench-window -pl app -am test-compile exec:exec -Dbench=WindowTrafficBenchmark`
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 6, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(
        value = 1,
        jvmArgsAppend = {
            "-Dglass.platform=Headless",
            "-Dprism.order=sw",
            "--enable-native-access=ALL-UNNAMED"
        })
@State(Scope.Benchmark)
public class WindowTrafficBenchmark {
    private static final String NO_WINDOW = "no window";
    private static final long SLICE_NANOS = 100_000_000;

    @Param("lab-station")
    public String sample;

    @Param({NO_WINDOW, "MACHINE", "CACHES", "TRAFFIC"})
    public String shown;

    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
    private static final OperatingSystemMXBean PROGRAM =
            ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);

    private Session session;
    private long engine;
    private HeadlessScreen screen;

    /// Requests that the engine finished, per second; and how much of a processor the engine's thread and
    /// the whole program had meanwhile, in thousandths: on a busy machine they say whether the window was
    /// in the way or somebody else.
    @AuxCounters(AuxCounters.Type.OPERATIONS)
    @State(Scope.Thread)
    public static class Served {
        public long requests;
        public long engineMillis;
        public long programMillis;
    }

    @Setup
    public void open() throws Exception {
        var file = MachineReader.read(Path.of("samples", sample + ".iommulab.json"), Progress.NONE);
        session = Session.open(file.machine(), file.journal());
        if (!shown.equals(NO_WINDOW)) {
            screen = new HeadlessScreen();
            screen.ask(() -> {
                var bench = new Bench(session);
                var stage = new Stage();
                LabWindow.around(bench, List.of()).openOn(stage);
                bench.open(Perspective.valueOf(shown));
                return stage;
            });
        }
        engine = engineThread();
        session.setRunning(true).join();
    }

    @Benchmark
    public long watchTraffic(Served served) {
        long before = session.newest().counters().requests();
        long engineBefore = engineNanos();
        long programBefore = PROGRAM.getProcessCpuTime();
        LockSupport.parkNanos(SLICE_NANOS);
        long now = session.newest().counters().requests();
        served.requests += now - before;
        served.engineMillis += (engineNanos() - engineBefore) / 1_000_000;
        served.programMillis += (PROGRAM.getProcessCpuTime() - programBefore) / 1_000_000;
        return now;
    }

    private long engineNanos() {
        return THREADS.getThreadCpuTime(engine);
    }

    private static long engineThread() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals("engine"))
                .mapToLong(Thread::threadId)
                .findFirst()
                .orElseThrow();
    }

    @TearDown
    public void close() {
        session.close();
        if (screen != null) {
            screen.close();
        }
    }
}
