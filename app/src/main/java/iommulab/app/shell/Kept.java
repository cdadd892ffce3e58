package iommulab.app.shell;

import iommulab.engine.session.Command;
import iommulab.engine.session.CommandText;
import iommulab.engine.session.JournalView;

import java.util.List;

/// What a file has of the machine in the window: the commands in it, as calls.
///
/// @param where whose file it is
/// @param calls commands in force when it was opened or saved, oldest first
public record Kept(Where where, List<String> calls) {
    /// A bench without files.
    public static final Kept NOTHING = new Kept(Where.NOWHERE, List.of());

    /// Whose file holds the commands.
    public enum Where {
        /// The user's own: saving replaces it.
        OWN_FILE,
        /// A sample or a capture, which is never written.
        COPY,
        /// No file at all, so that none can differ.
        NOWHERE
    }

    public Kept {
        calls = List.copyOf(calls);
    }

    /// @param journal commands in the file
    public static Kept of(Where where, List<Command> journal) {
        return new Kept(where, journal.stream().map(CommandText::of).toList());
    }

    /// Whether the machine has done something else than the file says.
    public boolean differs(JournalView journal) {
        if (where == Where.NOWHERE) {
            return false;
        }
        if (journal.position() != calls.size()) {
            return true;
        }
        // What differs, differs at the end.
        for (int i = calls.size() - 1; i >= 0; i--) {
            if (!calls.get(i).equals(journal.entries().get(i).call())) {
                return true;
            }
        }
        return false;
    }

    /// `saved`, `changed`; `unchanged` for what is nobody's own file; empty where there is none.
    public String word(JournalView journal) {
        return switch (where) {
            case NOWHERE -> "";
            case OWN_FILE -> differs(journal) ? "changed" : "saved";
            case COPY -> differs(journal) ? "changed" : "unchanged";
        };
    }
}
