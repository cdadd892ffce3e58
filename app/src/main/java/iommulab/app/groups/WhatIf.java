package iommulab.app.groups;

import iommulab.engine.pci.Acs;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.PciTopology;
import iommulab.engine.session.Command;

import java.util.List;
import java.util.SequencedMap;
import java.util.TreeMap;

/// Edits of ACS control registers that nobody has applied yet.
///
/// @param controls the whole register of each edited function, 16 bits
record WhatIf(SequencedMap<PciAddress, Integer> controls) {
    static final WhatIf NOTHING = new WhatIf(new TreeMap<>());

    WhatIf {
        controls = new TreeMap<>(controls);
    }

    /// The register of a function as edited.
    int control(PciAddress function, Acs acs) {
        return controls.getOrDefault(function, acs.control());
    }

    /// With one bit of a function turned; back to what the machine has is no edit.
    WhatIf toggled(PciAddress function, Acs acs, int bit) {
        return with(function, acs, control(function, acs) ^ bit);
    }

    /// With some bits of a function on.
    WhatIf withBits(PciAddress function, Acs acs, int bits) {
        return with(function, acs, control(function, acs) | bits & acs.capability());
    }

    private WhatIf with(PciAddress function, Acs acs, int control) {
        var next = new TreeMap<>(controls);
        if (control == acs.control()) {
            next.remove(function);
        } else {
            next.put(function, control);
        }
        return new WhatIf(next);
    }

    boolean isEmpty() {
        return controls.isEmpty();
    }

    /// How many bits differ from the machine's.
    int bitsChanged(PciTopology topology) {
        return controls.entrySet().stream()
                .mapToInt(edit ->
                        acs(topology, edit.getKey())
                                .map(a -> Integer.bitCount(a.control() ^ edit.getValue()))
                                .orElse(0))
                .sum();
    }

    /// The edits that still make sense on a machine: its functions exist and are as yet different.
    WhatIf on(PciTopology topology) {
        var next = new TreeMap<>(controls);
        next.entrySet()
                .removeIf(edit ->
                        acs(topology, edit.getKey())
                                .map(a -> a.control() == edit.getValue())
                                .orElse(true));
        return next.equals(controls) ? this : new WhatIf(next);
    }

    /// The commands that apply the edits.
    List<Command> commands(PciTopology topology) {
        return controls.entrySet().stream()
                .flatMap(edit ->
                        acs(topology, edit.getKey()).stream()
                                .<Command>map(a ->
                                        new Command.WriteConfig(
                                                edit.getKey(),
                                                a.controlOffset(),
                                                2,
                                                edit.getValue())))
                .toList();
    }

    private static java.util.Optional<Acs> acs(PciTopology topology, PciAddress function) {
        return topology.find(function).flatMap(f -> Acs.of(f.config()));
    }
}
