package iommulab.engine.session;

import iommulab.engine.iommu.Walk;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/// A machine on its bench: one thread that runs it, and the doors through which everybody else asks.
///
/// All methods may be called from any thread and none waits for the engine; futures complete on the
/// engine's thread. A refused command completes its future exceptionally with [CommandRefused]; any
/// other exception is a defect.
public final class Session implements AutoCloseable {
    private static final long FRAME_NANOS = 16_000_000;
    private static final long BATCH_NANOS = 4_000_000;
    private static final int FIRST_BATCH = 1_000;
    private static final int LARGEST_BATCH = 1 << 20;

    private final MachineDescription description;
    private final Machine machine;
    private final Journal journal;
    private final SnapshotExchange exchange = new SnapshotExchange();
    private final LinkedBlockingQueue<Runnable> asked = new LinkedBlockingQueue<>();
    private final CompletableFuture<Throwable> defect = new CompletableFuture<>();
    private final Thread thread;

    // Owned by the engine's thread.
    private boolean running;
    private boolean open = true;
    private long requestsPerSecond;
    private int batch = FIRST_BATCH;
    private long paceStart;
    private long paceServed;
    private long lastPublished;

    private Session(MachineDescription description, Machine machine, Journal journal) {
        this.description = description;
        this.machine = machine;
        this.journal = journal;
        this.thread = Thread.ofPlatform().name("engine").daemon().unstarted(this::serve);
    }

    /// Powers a machine on and runs commands that it has already seen.
    ///
    /// @param journal commands to run before anybody looks
    /// @throws CommandRefused if the machine does not accept one of them; the message names it
    public static Session open(MachineDescription description, List<Command> journal)
            throws CommandRefused {
        return open(description, journal, List.of());
    }

    /// Powers a machine on as somebody left it who had taken commands back: they can be redone. They are
    /// run once, because a journal remembers what each command came to, and then taken back.
    ///
    /// @param journal commands in force, oldest first
    /// @param undone commands that were taken back, the next one to redo first
    /// @throws CommandRefused if the machine does not accept one of them; the message names it
    public static Session open(
            MachineDescription description, List<Command> journal, List<Command> undone)
            throws CommandRefused {
        var machine = Machine.powerOn(description);
        var remembered = new Journal(machine);
        runAll(remembered, journal);
        runAll(remembered, undone);
        remembered.goTo(journal.size());
        var session = new Session(description, machine, remembered);
        session.publish();
        session.thread.start();
        return session;
    }

    private static void runAll(Journal remembered, List<Command> commands) throws CommandRefused {
        for (var command : commands) {
            try {
                remembered.run(command);
            } catch (CommandRefused refused) {
                throw new CommandRefused(
                        refused.errno(),
                        "command %d, %s: %s"
                                .formatted(
                                        remembered.size() + 1,
                                        CommandText.of(command),
                                        refused.reason()));
            }
        }
    }

    /// Completes if a run breaks down because of a mistake of ours. Traffic stands still then; the machine
    /// may be half-way through a request, and only going to another position makes it sound again.
    public CompletableFuture<Throwable> defect() {
        return defect.copy();
    }

    /// The newest snapshot; never waits.
    public MachineSnapshot newest() {
        return exchange.newest();
    }

    /// Runs a command and adds it to the journal.
    public CompletableFuture<Outcome> submit(Command command) {
        return ask(() -> journal.run(command));
    }

    /// Goes to a journal position: 0 is power-on, n is after command n.
    public CompletableFuture<Void> goTo(int position) {
        return ask(() -> {
            running = false;
            journal.goTo(Math.clamp(position, 0, journal.size()));
            return null;
        });
    }

    /// Takes the last command back; nothing happens at power-on.
    public CompletableFuture<Void> undo() {
        return ask(() -> {
            running = false;
            journal.goTo(Math.max(0, journal.position() - 1));
            return null;
        });
    }

    /// Runs the next undone command again; nothing happens if there is none.
    public CompletableFuture<Void> redo() {
        return ask(() -> {
            journal.goTo(Math.min(journal.size(), journal.position() + 1));
            return null;
        });
    }

    /// Starts or pauses traffic. A run is one journal entry however long it lasts.
    public CompletableFuture<Void> setRunning(boolean wanted) {
        return ask(() -> {
            if (wanted) {
                machine.requireSources();
                startPace();
            } else {
                journal.closeRun();
            }
            running = wanted;
            return null;
        });
    }

    /// How fast traffic runs.
    ///
    /// @param requestsPerSecond 0 runs as fast as the engine can
    public CompletableFuture<Void> setSpeed(long requestsPerSecond) {
        return ask(() -> {
            this.requestsPerSecond = Math.max(0, requestsPerSecond);
            startPace();
            return null;
        });
    }

    /// What the hardware would do with a request; the machine is as before.
    public CompletableFuture<Walk> explain(WalkQuestion question) {
        return ask(() -> machine.explain(question));
    }

    /// The frame of memory that holds an address, with what IOMMUs take it for.
    ///
    /// @param hpa any byte of it
    public CompletableFuture<FrameView> frame(long hpa) {
        return ask(() -> MemoryLook.frame(machine, hpa));
    }

    /// All structures in memory that IOMMUs use now.
    public CompletableFuture<List<FrameView.Place>> tables() {
        return ask(() -> MemoryLook.places(machine));
    }

    /// What configuration edits would do to the groups; the machine is as before.
    public CompletableFuture<Preview> preview(List<Command> commands) {
        return ask(() -> machine.preview(commands));
    }

    /// What commands would come to, each by itself; the machine is as before.
    public CompletableFuture<List<Trial>> tried(List<Command> commands) {
        return ask(() -> machine.tried(commands));
    }

    /// What a file must hold to bring this machine back.
    public CompletableFuture<Saved> saved() {
        return ask(() -> {
            journal.closeRun();
            running = false;
            return new Saved(description, journal.inForce(), journal.undone(), machine.stateHash());
        });
    }

    /// A machine as a file keeps it.
    ///
    /// @param description at power-on
    /// @param journal commands in force, oldest first
    /// @param undone commands that can be redone, the next one first
    /// @param stateHash hash of the machine after those in force; a loader checks it
    public record Saved(
            MachineDescription description,
            List<Command> journal,
            List<Command> undone,
            long stateHash) {
        public Saved {
            journal = List.copyOf(journal);
            undone = List.copyOf(undone);
        }
    }

    /// The machine as it is now, with an IOMMU of another architecture: a machine of its own. It keeps
    /// functions, domains with their mappings, who uses them, and traffic. Refused where the other
    /// architecture cannot do the same.
    public CompletableFuture<Saved> converted(Architecture architecture) {
        return ask(() -> Conversion.of(machine, architecture));
    }

    /// What the hardware would do with a request if this machine had an IOMMU of another architecture, with
    /// empty caches. Refused where the other architecture cannot do the same.
    public CompletableFuture<Walk> explainOn(Architecture architecture, WalkQuestion question) {
        return ask(() -> Conversion.machine(machine, architecture).explain(question));
    }

    /// Hash of the whole machine now.
    public CompletableFuture<Long> stateHash() {
        return ask(machine::stateHash);
    }

    /// Ends the engine's thread after what was asked before.
    @Override
    public void close() {
        asked.add(() -> open = false);
    }

    private <T extends @Nullable Object> CompletableFuture<T> ask(Callable<T> question) {
        var answer = new CompletableFuture<T>();
        asked.add(() -> {
            try {
                var value = question.call();
                publish();
                answer.complete(value);
            } catch (CommandRefused refused) {
                publish();
                answer.completeExceptionally(refused);
            } catch (RuntimeException failed) {
                answer.completeExceptionally(failed);
            } catch (Exception impossible) {
                answer.completeExceptionally(new IllegalStateException(impossible));
            }
        });
        return answer;
    }

    private void serve() {
        try {
            while (open) {
                var next = running ? asked.poll(waitNanos(), TimeUnit.NANOSECONDS) : asked.take();
                if (next != null) {
                    next.run();
                } else if (running) {
                    runOrStop();
                }
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void runOrStop() {
        try {
            runBatch();
        } catch (RuntimeException broken) {
            running = false;
            defect.complete(broken);
        }
    }

    private void startPace() {
        paceStart = System.nanoTime();
        paceServed = 0;
    }

    /// How long the next batch must wait so that the speed is kept; 0 at full speed.
    private long waitNanos() {
        if (requestsPerSecond == 0) {
            return 0;
        }
        long due = paceStart + (long) (paceServed * 1e9 / requestsPerSecond);
        return Math.clamp(due - System.nanoTime(), 0, FRAME_NANOS);
    }

    /// One batch between two looks at what was asked: about [#BATCH_NANOS] at full speed.
    private void runBatch() {
        long start = System.nanoTime();
        int requests = requestsPerSecond == 0 ? batch : dueNow(start);
        if (requests > 0) {
            try {
                journal.runOn(requests);
            } catch (CommandRefused refused) {
                running = false;
            }
            paceServed += requests;
        }
        long took = System.nanoTime() - start;
        if (took < BATCH_NANOS / 2 && batch < LARGEST_BATCH) {
            batch *= 2;
        } else if (took > BATCH_NANOS * 2 && batch > FIRST_BATCH) {
            batch /= 2;
        }
        if (System.nanoTime() - lastPublished > FRAME_NANOS) {
            publish();
        }
    }

    private int dueNow(long now) {
        long due = (long) ((now - paceStart) * 1e-9 * requestsPerSecond) + 1 - paceServed;
        return Math.clamp(due, 0, batch);
    }

    private void publish() {
        exchange.publish(machine.snapshot(running, journal.view()));
        lastPublished = System.nanoTime();
    }
}
