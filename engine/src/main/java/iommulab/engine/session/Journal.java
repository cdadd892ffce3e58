package iommulab.engine.session;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/// Every command that a machine has accepted, in order, and the only way to change the machine.
///
/// Same start, same commands: same machine, to the bit. So going anywhere is one mechanism: restore the
/// nearest checkpoint before the position, and run the commands between again. There are no inverse
/// operations. Commands behind the position are kept for redo until another command is run.
final class Journal {
    /// A new checkpoint is made when replaying from the last one would take more than this: commands
    /// count [#COMMAND_WEIGHT], a request of traffic counts 1.
    private static final long REPLAY_BOUND = 400_000;

    private static final long COMMAND_WEIGHT = 10_000;
    private static final int CHECKPOINTS_KEPT = 40;

    private final Machine machine;
    private final List<JournalView.Entry> entries = new ArrayList<>();
    private final List<Command> commands = new ArrayList<>();
    private final TreeMap<Integer, MachineCheckpoint> checkpoints = new TreeMap<>();
    private final ArrayDeque<JournalView.Refusal> refusals = new ArrayDeque<>();
    private long refused;
    private int position;
    private boolean lastRunOpen;
    private JournalView view = JournalView.EMPTY;

    /// @param machine as it is at power-on
    Journal(Machine machine) {
        this.machine = machine;
        checkpoints.put(0, machine.checkpoint());
    }

    /// Runs a command and remembers it; commands that were undone are forgotten.
    ///
    /// @throws CommandRefused if the machine cannot accept it; machine and journal are as before
    Outcome run(Command command) throws CommandRefused {
        var outcome = accepted(command);
        forgetUndone();
        closeRun();
        append(command, Wording.result(outcome), Wording.rule(outcome), machine.stateHash());
        return outcome;
    }

    private Outcome accepted(Command command) throws CommandRefused {
        try {
            return machine.apply(command);
        } catch (CommandRefused no) {
            if (refusals.size() == JournalView.REFUSALS_KEPT) {
                refusals.removeFirst();
            }
            refused++;
            refusals.add(
                    new JournalView.Refusal(
                            refused,
                            position,
                            CommandText.of(command),
                            no.errno(),
                            no.answer().map(Wording::returned).orElse(""),
                            no.reason()));
            show();
            throw no;
        }
    }

    private void show() {
        view = new JournalView(entries, position, List.copyOf(refusals));
    }

    /// Runs traffic for the running window: extends the last entry if that is the same run, so that an
    /// hour of traffic is one entry.
    void runOn(long requests) throws CommandRefused {
        machine.apply(new Command.RunTraffic(requests));
        forgetUndone();
        if (lastRunOpen && commands.getLast() instanceof Command.RunTraffic(long before)) {
            commands.removeLast();
            entries.removeLast();
            position--;
            checkpoints.tailMap(position + 1, true).clear();
            append(new Command.RunTraffic(before + requests), "running", "", 0);
        } else {
            append(new Command.RunTraffic(requests), "running", "", 0);
        }
        lastRunOpen = true;
    }

    /// Ends the run that [#runOn] began: its entry gets its result and its hash.
    void closeRun() {
        if (!lastRunOpen) {
            return;
        }
        lastRunOpen = false;
        var run = commands.getLast();
        entries.removeLast();
        commands.removeLast();
        position--;
        checkpoints.tailMap(position + 1, true).clear();
        append(run, "ok", "", machine.stateHash());
    }

    /// Goes to a position: 0 is power-on, n is after command n.
    void goTo(int target) {
        if (target < 0 || target > commands.size()) {
            throw new IllegalArgumentException(
                    "position %d: the journal has %d commands".formatted(target, commands.size()));
        }
        closeRun();
        if (target == position) {
            return;
        }
        var nearest = checkpoints.floorEntry(target);
        int from = position;
        if (target < position || nearest.getKey() > position) {
            machine.restore(nearest.getValue());
            from = nearest.getKey();
        }
        for (int i = from; i < target; i++) {
            replay(i);
        }
        position = target;
        show();
    }

    private void replay(int index) {
        try {
            machine.apply(commands.get(index));
        } catch (CommandRefused refused) {
            throw new IllegalStateException(
                    "command %d was accepted once and is refused on replay: %s"
                            .formatted(index + 1, refused.reason()),
                    refused);
        }
    }

    /// The commands in force, oldest first.
    List<Command> inForce() {
        return List.copyOf(commands.subList(0, position));
    }

    /// The commands that were undone and can be redone, the next one first.
    List<Command> undone() {
        return List.copyOf(commands.subList(position, commands.size()));
    }

    int position() {
        return position;
    }

    int size() {
        return commands.size();
    }

    JournalView view() {
        return view;
    }

    /// Hash of the machine at a position, as it was when the command was run.
    Optional<Long> hashAt(int at) {
        return at == 0 ? Optional.empty() : Optional.of(entries.get(at - 1).stateHash());
    }

    private void append(Command command, String result, String rule, long hash) {
        commands.add(command);
        position++;
        var counters = machine.counters();
        entries.add(
                new JournalView.Entry(
                        position,
                        Wording.title(command),
                        CommandText.of(command),
                        result,
                        rule,
                        counters.requests(),
                        counters.faults(),
                        hash));
        show();
        if (hash != 0 && replayCost() > REPLAY_BOUND) {
            checkpoints.put(position, machine.checkpoint());
            thinOut();
        }
    }

    private long replayCost() {
        int from = checkpoints.lastKey();
        long cost = 0;
        for (int i = from; i < position; i++) {
            cost +=
                    commands.get(i) instanceof Command.RunTraffic(long requests)
                            ? requests
                            : COMMAND_WEIGHT;
        }
        return cost;
    }

    /// Forgets every second old checkpoint when there are too many; the first and the newest stay.
    private void thinOut() {
        if (checkpoints.size() <= CHECKPOINTS_KEPT) {
            return;
        }
        var keys = List.copyOf(checkpoints.keySet());
        for (int i = 1; i < keys.size() - 8; i += 2) {
            checkpoints.remove(keys.get(i));
        }
    }

    private void forgetUndone() {
        if (position == commands.size()) {
            return;
        }
        commands.subList(position, commands.size()).clear();
        entries.subList(position, entries.size()).clear();
        refusals.removeIf(refusal -> refusal.after() > position);
        checkpoints.tailMap(position + 1, true).clear();
        lastRunOpen = false;
    }
}
