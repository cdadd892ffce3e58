package iommulab.app.timeline;

import iommulab.engine.session.JournalView;

import java.util.ArrayList;
import java.util.List;

/// A line of the transcript: a call that was carried out, or one that was refused.
///
/// @param number of the call in the journal; of the call before it, if it was refused
/// @param result `ok` with the fields that were returned, or the errno with them
/// @param rule what decided, one sentence; empty if there is nothing to add
/// @param accepted whether it is in the journal
/// @param failed whether the caller was told an errno
record TranscriptLine(
        int number, String call, String result, String rule, boolean accepted, boolean failed) {
    private static final String REFUSED = "✕ ";

    /// Everything that was asked for, in the order in which it was.
    static List<TranscriptLine> of(JournalView journal) {
        var lines = new ArrayList<TranscriptLine>();
        var refusals = journal.refusals();
        int next = 0;
        next = refusedAfter(0, refusals, next, lines);
        for (var entry : journal.entries()) {
            boolean failed = isErrno(entry.result());
            lines.add(
                    new TranscriptLine(
                            entry.number(),
                            entry.call(),
                            failed ? REFUSED + entry.result() : entry.result(),
                            entry.rule(),
                            true,
                            failed));
            next = refusedAfter(entry.number(), refusals, next, lines);
        }
        return lines;
    }

    private static int refusedAfter(
            int number, List<JournalView.Refusal> refusals, int from, List<TranscriptLine> lines) {
        int next = from;
        while (next < refusals.size() && refusals.get(next).after() <= number) {
            var refusal = refusals.get(next);
            var returned = refusal.returned().isEmpty() ? "" : " " + refusal.returned();
            lines.add(
                    new TranscriptLine(
                            refusal.after(),
                            refusal.call(),
                            REFUSED + refusal.errno() + returned,
                            refusal.rule(),
                            false,
                            true));
            next++;
        }
        return next;
    }

    /// A call that did part of its work and is in the journal for it.
    private static boolean isErrno(String result) {
        return result.matches("E[A-Z0-9]{2,}( .*)?");
    }
}
