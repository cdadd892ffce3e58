package iommulab.engine.group;

import iommulab.engine.pci.Acs;
import iommulab.engine.pci.PciFunction;
import iommulab.engine.pci.PciTopology;

import java.util.ArrayList;
import java.util.Optional;

/// The boot parameter that makes the kernel (6.11 or later) write ACS control bits:
/// `pci=config_acs=xxx11xx@0000:00:01.0`, one digit per bit from bit 6 down, `x` for unchanged.
/// Source: `pci_enable_acs` in `drivers/pci/pci.c`.
public final class AcsParameter {
    private static final int BITS = 7;

    private AcsParameter() {}

    /// The parameter that turns one machine into another.
    ///
    /// @return empty if they do not differ, or in more than ACS control bits
    public static Optional<String> forEdits(PciTopology before, PciTopology after) {
        if (before.size() != after.size()) {
            return Optional.empty();
        }
        var ports = new ArrayList<String>();
        for (var function : after.functions()) {
            var old = before.find(function.address());
            if (old.isEmpty()) {
                return Optional.empty();
            }
            if (!old.get().equals(function)) {
                var edit = edit(old.get(), function);
                if (edit.isEmpty()) {
                    return Optional.empty();
                }
                ports.add(edit.get());
            }
        }
        return ports.isEmpty()
                ? Optional.empty()
                : Optional.of("pci=config_acs=" + String.join(";", ports));
    }

    private static Optional<String> edit(PciFunction old, PciFunction changed) {
        var from = Acs.of(old.config());
        var to = Acs.of(changed.config());
        boolean onlyControl =
                from.isPresent()
                        && to.isPresent()
                        && old.withConfig(from.get().write(old.config(), to.get().control()))
                                .equals(changed);
        if (!onlyControl) {
            return Optional.empty();
        }
        int differing = from.get().control() ^ to.get().control();
        var digits = new StringBuilder();
        for (int bit = BITS - 1; bit >= 0; bit--) {
            boolean set = (to.get().control() >>> bit & 1) != 0;
            digits.append((differing >>> bit & 1) == 0 ? 'x' : set ? '1' : '0');
        }
        return Optional.of(digits + "@" + changed.address());
    }
}
