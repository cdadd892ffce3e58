package iommulab.app.inspector;

import iommulab.app.shell.Subject;
import iommulab.app.shell.Words;
import iommulab.engine.pci.PciAddress;

import java.util.Optional;
import java.util.OptionalInt;

/// A piece of text with one look; it may be a link to a thing.
///
/// @param look how it is shown
/// @param leadsTo what a click selects
/// @param category number of the group or domain whose colour it wears
record Span(String text, Look look, Optional<Subject> leadsTo, OptionalInt category) {
    /// How a span is shown: style classes of the theme.
    enum Look {
        PLAIN("value"),
        MUTED("muted"),
        STRONG("value", "strong"),
        MONO("mono"),
        MONO_MUTED("mono-secondary"),
        MONO_STRONG("mono", "strong"),
        SAYS_HIT("says-hit"),
        SAYS_FAULT("says-fault"),
        SAYS_STALE("says-stale"),
        BADGE("badge"),
        KERNEL("badge", "kernel"),
        USER("badge", "user"),
        HIT("badge", "hit"),
        WALK("badge", "walk"),
        FAULT("badge", "fault"),
        STALE("badge", "stale"),
        PEER("badge", "peer"),
        BLOCKED("badge", "blocked"),
        TAB("group-tab");

        private final String[] styleClasses;

        Look(String... styleClasses) {
            this.styleClasses = styleClasses;
        }

        String[] styleClasses() {
            return styleClasses.clone();
        }
    }

    private Span(String text, Look look) {
        this(text, look, Optional.empty(), OptionalInt.empty());
    }

    static Span of(String text) {
        return new Span(text, Look.PLAIN);
    }

    static Span of(String text, Look look) {
        return new Span(text, look);
    }

    static Span muted(String text) {
        return new Span(text, Look.MUTED);
    }

    static Span mono(String text) {
        return new Span(text, Look.MONO);
    }

    static Span hex(long address) {
        return mono(Words.hex(address));
    }

    static Span link(String text, Subject to) {
        return new Span(text, Look.PLAIN, Optional.of(to), OptionalInt.empty());
    }

    static Span monoLink(String text, Subject to) {
        return new Span(text, Look.MONO, Optional.of(to), OptionalInt.empty());
    }

    /// An address of memory, which leads there.
    static Span memory(long hpa) {
        return monoLink(Words.hex(hpa), new Subject.Memory(hpa));
    }

    static Span function(PciAddress address) {
        return monoLink(address.toString(), new Subject.Function(address));
    }

    /// The coloured tab with the number of a group.
    static Span group(int id) {
        return new Span(
                Integer.toString(id),
                Look.TAB,
                Optional.of(new Subject.Group(id)),
                OptionalInt.of(id));
    }
}
