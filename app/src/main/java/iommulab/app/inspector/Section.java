package iommulab.app.inspector;

import iommulab.app.shell.Perspective;
import iommulab.app.shell.Subject;
import iommulab.engine.iommu.Field;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.session.Command;
import iommulab.engine.session.WalkQuestion;

import java.util.List;
import java.util.Optional;

/// One part of what the inspector tells.
sealed interface Section {
    /// Names and values.
    ///
    /// @param aside a word at the right of the head
    record Facts(String head, String aside, List<Fact> facts) implements Section {
        public Facts {
            facts = List.copyOf(facts);
        }
    }

    /// One name with its value.
    record Fact(String name, List<Span> value) {
        public Fact {
            value = List.copyOf(value);
        }

        static Fact of(String name, Span... value) {
            return new Fact(name, List.of(value));
        }
    }

    /// A paragraph.
    record Note(String head, List<Span> text) implements Section {
        public Note {
            text = List.copyOf(text);
        }
    }

    /// Lines under each other, each a link or a sentence.
    record Lines(String head, String aside, List<List<Span>> lines) implements Section {
        public Lines {
            lines = List.copyOf(lines);
        }
    }

    /// Capabilities, each with its fields.
    record Capabilities(PciAddress function, List<Listed> listed, List<String> remarks)
            implements Section {
        public Capabilities {
            listed = List.copyOf(listed);
            remarks = List.copyOf(remarks);
        }
    }

    /// @param offset in configuration space
    /// @param summary what matters of it, in a few words
    record Listed(int offset, String name, String summary, List<Register> fields) {
        public Listed {
            fields = List.copyOf(fields);
        }
    }

    /// One field of a register.
    ///
    /// @param bits such as `15:8`
    /// @param edit how to write it, if a driver may
    record Register(
            String register,
            String bits,
            String name,
            String value,
            String meaning,
            Optional<Flip> edit) {}

    /// A change of one bit.
    record Flip(Command command, boolean on) {}

    /// ACS of every port between a function and its root, from the function up.
    record AcsPath(List<AcsPort> ports, List<Span> verdict) implements Section {
        public AcsPath {
            ports = List.copyOf(ports);
            verdict = List.copyOf(verdict);
        }
    }

    /// @param bits in the order SV TB RR CR UF EC DT; empty if the port has no ACS
    /// @param remark said instead of bits
    record AcsPort(PciAddress port, List<AcsBit> bits, String control, String remark) {
        public AcsPort {
            bits = List.copyOf(bits);
        }
    }

    /// @param name such as `RR`
    /// @param words its name written out
    /// @param offered whether the port has the bit
    /// @param missing whether Linux wants it and it is 0
    /// @param flip the command that changes it
    record AcsBit(
            String name,
            String words,
            boolean offered,
            boolean on,
            boolean missing,
            Optional<Command> flip) {}

    /// A table entry as it was read: its words and its fields.
    record Entry(List<Long> raw, List<Field> fields) implements Section {
        public Entry {
            raw = List.copyOf(raw);
            fields = List.copyOf(fields);
        }
    }

    /// What can be set, each to one of several values.
    record Settings(String head, List<Setting> settings) implements Section {
        public Settings {
            settings = List.copyOf(settings);
        }
    }

    /// @param of what it belongs to
    /// @param value the one in force, as one of the choices says it
    record Setting(String of, String name, String about, String value, List<Choice> choices) {
        public Setting {
            choices = List.copyOf(choices);
        }
    }

    /// @param command that sets it
    record Choice(String words, Command command) {}

    /// What can be done now.
    record Offers(List<Offer> offers, String remark) implements Section {
        public Offers {
            offers = List.copyOf(offers);
        }
    }

    /// One button.
    record Offer(String title, Deed deed) {}

    /// What a button does.
    sealed interface Deed {
        record Open(Subject subject, Perspective perspective) implements Deed {}

        record Walk(WalkQuestion question, int step) implements Deed {}

        record Do(Command command) implements Deed {}

        record GoTo(int journal) implements Deed {}
    }
}
