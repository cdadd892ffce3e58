package iommulab.engine.group;

import iommulab.engine.pci.AcsFlag;

import java.util.ArrayList;

/// What is said of ACS control bits in proofs.
final class AcsWords {
    private AcsWords() {}

    /// `does not redirect peer requests`: the weightiest of the missing flags.
    static String complaint(int missing) {
        for (var flag : new AcsFlag[] {AcsFlag.RR, AcsFlag.CR, AcsFlag.UF, AcsFlag.SV}) {
            if ((missing & flag.mask()) != 0) {
                return "does not " + flag.does();
            }
        }
        return "does not " + AcsFlag.SV.does();
    }

    /// `ACS control 0x0011 of 0x001f: SV 1 RR 0 CR 0 UF 1`; a flag that is not offered reads `–`.
    static String describe(int offered, int control) {
        var text = new StringBuilder("ACS control 0x").append(hex(control)).append(':');
        for (var flag : AcsFlag.values()) {
            if (!flag.isAsked()) {
                continue;
            }
            text.append(' ').append(flag.name()).append(' ');
            text.append(
                    (offered & flag.mask()) == 0 ? '–' : (control & flag.mask()) == 0 ? '0' : '1');
        }
        return text.toString();
    }

    /// `RR and CR`, `SV, RR and CR`
    static String names(int flags) {
        var names = new ArrayList<String>();
        for (var flag : AcsFlag.values()) {
            if ((flags & flag.mask()) != 0) {
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
