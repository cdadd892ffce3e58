package iommulab.engine.io;

import iommulab.engine.firmware.FirmwareTables;
import iommulab.engine.group.GroupFacts;
import iommulab.engine.group.IommuUnit;
import iommulab.engine.group.KernelParameters;
import iommulab.engine.group.KernelRelease;

import java.util.List;
import java.util.OptionalLong;
import java.util.Set;

/// What a captured machine tells about how its groups come about. The groups that its kernel listed are
/// not among it.
public final class CapturedFacts {
    private CapturedFacts() {}

    /// The facts of a capture. Which ports ACPI marks as external facing is in no capture; none is
    /// assumed.
    public static GroupFacts of(MachineCapture capture) {
        return new GroupFacts(
                capture.topology(),
                FirmwareTables.read(capture.acpi()),
                KernelRelease.parse(capture.kernelRelease()),
                new KernelParameters(capture.commandLine()),
                capture.kernelUnits().stream().map(CapturedFacts::unit).toList(),
                Set.of(),
                List.of());
    }

    static IommuUnit unit(KernelUnit unit) {
        return new IommuUnit(
                unit.name(),
                unit.address(),
                unit.function(),
                unit.cap(),
                unit.name().startsWith("ivhd") ? amdFeatures(unit) : unit.ecap());
    }

    /// `0:29d3`: two registers, the first of them last.
    private static OptionalLong amdFeatures(KernelUnit unit) {
        String text = unit.attributes().getOrDefault("features", "");
        try {
            return OptionalLong.of(
                    Long.parseUnsignedLong(text.substring(text.indexOf(':') + 1), 16));
        } catch (NumberFormatException _) {
            return OptionalLong.empty();
        }
    }
}
