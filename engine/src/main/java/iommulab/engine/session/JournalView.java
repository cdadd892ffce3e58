package iommulab.engine.session;

import java.util.List;
import java.util.Optional;

/// The journal as the timeline shows it.
///
/// @param entries all commands, oldest first, those undone included
/// @param position number of commands in force; entries from here on are undone
/// @param refusals commands that were not accepted, oldest first, at most [#REFUSALS_KEPT]; no file
///     keeps them
public record JournalView(List<Entry> entries, int position, List<Refusal> refusals) {
    public static final int REFUSALS_KEPT = 256;
    public static final JournalView EMPTY = new JournalView(List.of(), 0);

    public JournalView {
        entries = List.copyOf(entries);
        refusals = List.copyOf(refusals);
    }

    /// Nothing was refused.
    public JournalView(List<Entry> entries, int position) {
        this(entries, position, List.of());
    }

    public Optional<Entry> undoable() {
        return position == 0 ? Optional.empty() : Optional.of(entries.get(position - 1));
    }

    public Optional<Entry> redoable() {
        return position == entries.size() ? Optional.empty() : Optional.of(entries.get(position));
    }

    /// A command that was not accepted: the machine stayed as it was.
    ///
    /// @param sequence number of the refusal since power-on, from 1
    /// @param after number of the command before it in the journal, 0 at power-on
    /// @param call in the command vocabulary
    /// @param errno such as `EBUSY`
    /// @param returned fields that were written back all the same, such as `entry_num=0`
    /// @param rule the sentence that decided
    public record Refusal(
            long sequence, int after, String call, String errno, String returned, String rule) {}

    /// @param number from 1
    /// @param title for people, such as `Map 2 MiB at 0x40000000 in domain 3`
    /// @param call in the command vocabulary, such as `domain.map(domain=3, iova=0x40000000, …)`
    /// @param result `ok`, an address, or what the caller was told
    /// @param rule what decided, one sentence; empty if there is nothing to add
    /// @param tickAfter requests served when it was done
    /// @param faultsAfter faults counted when it was done
    /// @param stateHash hash of the whole machine after it
    public record Entry(
            int number,
            String title,
            String call,
            String result,
            String rule,
            long tickAfter,
            long faultsAfter,
            long stateHash) {
        /// Nothing to add to the result.
        public Entry(
                int number,
                String title,
                String call,
                String result,
                long tickAfter,
                long faultsAfter,
                long stateHash) {
            this(number, title, call, result, "", tickAfter, faultsAfter, stateHash);
        }
    }
}
