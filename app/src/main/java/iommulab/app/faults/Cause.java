package iommulab.app.faults;

import iommulab.app.shell.Subject;

import java.util.Optional;

/// A possible cause of a fault, checked against the machine.
///
/// @param title what could be wrong
/// @param text what the check found
/// @param finding the headline of the fault if this is its cause; empty unless found
/// @param about what to look at
record Cause(Verdict verdict, String title, String text, String finding, Optional<Subject> about) {
    enum Verdict {
        FOUND("found"),
        POSSIBLE("possible"),
        RULED_OUT("ruled out");

        private final String words;

        Verdict(String words) {
            this.words = words;
        }

        String words() {
            return words;
        }
    }

    static Cause found(String title, String text, String finding, Subject about) {
        return new Cause(Verdict.FOUND, title, text, finding, Optional.of(about));
    }

    static Cause possible(String title, String text, Subject about) {
        return new Cause(Verdict.POSSIBLE, title, text, "", Optional.of(about));
    }

    static Cause ruledOut(String title, String text) {
        return new Cause(Verdict.RULED_OUT, title, text, "", Optional.empty());
    }
}
