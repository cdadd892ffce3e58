package iommulab.engine.pci;

/// The bits of an ACS control register, in the order and under the two letters that are used in print.
/// Spec: PCIe Base, "ACS Control Register".
public enum AcsFlag {
    SV(Acs.SOURCE_VALIDATION, "source validation", "validate the source of requests"),
    TB(Acs.TRANSLATION_BLOCKING, "translation blocking", "block translated requests"),
    RR(Acs.REQUEST_REDIRECT, "request redirect", "redirect peer requests"),
    CR(Acs.COMPLETION_REDIRECT, "completion redirect", "redirect peer completions"),
    UF(Acs.UPSTREAM_FORWARDING, "upstream forwarding", "forward requests upstream"),
    EC(Acs.EGRESS_CONTROL, "egress control", "control egress"),
    DT(Acs.DIRECT_TRANSLATED, "direct translated peer-to-peer", "let translated requests through");

    private final int mask;
    private final String words;
    private final String does;

    AcsFlag(int mask, String words, String does) {
        this.mask = mask;
        this.words = words;
        this.does = does;
    }

    /// The bit in capability and control register.
    public int mask() {
        return mask;
    }

    /// `request redirect`
    public String words() {
        return words;
    }

    /// What a port does with it: `redirect peer requests`.
    public String does() {
        return does;
    }

    /// Whether Linux asks for it on every port up to the root before it keeps functions apart.
    public boolean isAsked() {
        return this == SV || this == RR || this == CR || this == UF;
    }
}
