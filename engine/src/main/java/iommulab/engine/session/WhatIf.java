package iommulab.engine.session;

import iommulab.engine.group.AcsParameter;
import iommulab.engine.group.SurvivingPaths;
import iommulab.engine.session.Preview.PeerPath;

import java.util.List;

/// Works out what configuration edits would do to the groups, on values alone: the machine is not
/// touched.
final class WhatIf {
    private WhatIf() {}

    /// @throws CommandRefused (EINVAL) if a command is no configuration edit, or one that the machine
    ///     would refuse
    static Preview of(Machine machine, List<Command> commands) throws CommandRefused {
        var before = machine.wiring();
        var topology = before.topology();
        for (var command : commands) {
            topology = PciCommands.edited(topology, command);
        }
        var after = before.with(topology);
        return new Preview(
                before.grouping(),
                after.grouping(),
                topology,
                survivingPaths(after),
                AcsParameter.forEdits(before.topology(), topology).orElse(""));
    }

    private static List<PeerPath> survivingPaths(Wiring after) {
        return SurvivingPaths.of(after.facts(), after.grouping()).paths().stream()
                .map(path -> new PeerPath(path.from(), path.to(), path.turnsAt(), path.reason()))
                .toList();
    }
}
