package iommulab.engine.group;

import iommulab.engine.pci.Acs;

import java.util.ArrayList;

/// The bits of an ACS control register in words: two letters each, and what a port does without them.
/// Spec: PCIe Base, "ACS Control Register".
enum AcsFlags {
    SV(Acs.SOURCE_VALIDATION, "validate the source of requests"),
    TB(Acs.TRANSLATION_BLOCKING, "block translated requests"),
    RR(Acs.REQUEST_REDIRECT, "redirect peer requests"),
    CR(Acs.COMPLETION_REDIRECT, "redirect peer completions"),
    UF(Acs.UPSTREAM_FORWARDING, "forward requests upstream"),
    EC(Acs.EGRESS_CONTROL, "control egress"),
    DT(Acs.DIRECT_TRANSLATED, "let translated requests through");

    private final int mask;
    private final String does;

    AcsFlags(int mask, String does) {
        this.mask = mask;
        this.does = does;
    }

    int mask() {
        return mask;
    }

    /// `does not redirect peer requests`: the weightiest of the missing flags.
    static String complaint(int missing) {
        for (var flag : new AcsFlags[] {RR, CR, UF, SV}) {
            if ((missing & flag.mask) != 0) {
                return "does not " + flag.does;
            }
        }
        return "does not " + SV.does;
    }

    /// `ACS control 0x0011 of 0x001f: SV 1 RR 0 CR 0 UF 1`; a flag that is not offered reads `–`.
    static String describe(int offered, int control) {
        var text = new StringBuilder("ACS control 0x").append(hex(control)).append(':');
        for (var flag : new AcsFlags[] {SV, RR, CR, UF}) {
            text.append(' ').append(flag.name()).append(' ');
            text.append((offered & flag.mask) == 0 ? '–' : (control & flag.mask) == 0 ? '0' : '1');
        }
        return text.toString();
    }

    /// `RR and CR`, `SV, RR and CR`
    static String names(int flags) {
        var names = new ArrayList<String>();
        for (var flag : values()) {
            if ((flags & flag.mask) != 0) {
                names.add(flag.name());
            }
        }
        return names.size() < 2
                ? String.join("", names)
                : String.join(", ", names.subList(0, names.size() - 1)) + " and " + names.getLast();
    }

    private static String hex(int value) {
        var digits = Integer.toHexString(value & 0xffff);
        return "0".repeat(4 - digits.length()) + digits;
    }
}
