package iommulab.engine.io;

import iommulab.engine.session.MachineDescription;

import java.util.ArrayList;
import java.util.Set;

/// Makes a machine for the bench out of what a capture says of a real one.
public final class CapturedMachine {
    private CapturedMachine() {}

    /// @param name for people
    public static MachineDescription describe(MachineCapture capture, String name) {
        var remarks = new ArrayList<>(capture.remarks());
        var memory = CapturedAddresses.of(capture, remarks);
        var release = capture.kernelRelease();
        return new MachineDescription(
                name,
                release.isEmpty() ? "captured" : "captured from Linux " + release,
                "",
                release,
                capture.commandLine(),
                capture.topology(),
                capture.acpi(),
                capture.kernelUnits().stream().map(CapturedFacts::unit).toList(),
                memory,
                Set.of(),
                capture.kernelSaid(),
                remarks);
    }
}
