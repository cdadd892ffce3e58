package iommulab.engine.ats;

import iommulab.engine.iommu.PasidPrefix;

import java.util.Optional;

/// What a device's PASID capability lets it put before a request.
/// Spec: PCI Express, "PASID Extended Capability Structure".
///
/// @param width bits of a PASID that the device knows, 1 to 20; 0 if it has no such capability
/// @param executePermission whether it can ask for the right to execute
/// @param privilegedMode whether it can act for a supervisor
/// @param enabled PASID Enable, set by software
/// @param executeEnabled Execute Permission Enable
/// @param privilegedEnabled Privileged Mode Enable
public record PasidCapability(
        int width,
        boolean executePermission,
        boolean privilegedMode,
        boolean enabled,
        boolean executeEnabled,
        boolean privilegedEnabled) {
    /// A device without the capability.
    public static final PasidCapability ABSENT =
            new PasidCapability(0, false, false, false, false, false);

    /// A device that can do everything, switched on.
    public static final PasidCapability EVERYTHING =
            new PasidCapability(20, true, true, true, true, true);

    public PasidCapability {
        if (width < 0 || width > 20) {
            throw new IllegalArgumentException("PASIDs of %d bits: take 0 to 20".formatted(width));
        }
        if (width == 0 && enabled
                || executeEnabled && !executePermission
                || privilegedEnabled && !privilegedMode) {
            throw new IllegalArgumentException("what a device cannot do cannot be switched on");
        }
    }

    /// Why the device cannot send a request with a prefix; empty if it can.
    public Optional<String> obstacle(PasidPrefix prefix) {
        if (!prefix.isPresent()) {
            return Optional.empty();
        }
        if (width == 0) {
            return Optional.of("The device has no PASID capability.");
        }
        if (!enabled) {
            return Optional.of("PASID Enable of the device is off.");
        }
        if (prefix.pasid() >>> width != 0) {
            return Optional.of(
                    "PASID 0x%x is wider than the %d bits that the device knows."
                            .formatted(prefix.pasid(), width));
        }
        if (prefix.execute() && !executeEnabled) {
            return Optional.of("Execute Permission Enable of the device is off.");
        }
        return prefix.privileged() && !privilegedEnabled
                ? Optional.of("Privileged Mode Enable of the device is off.")
                : Optional.empty();
    }
}
