package iommulab.engine.os;

import iommulab.engine.iommu.AtsIommu;
import iommulab.engine.iommu.MappingRefused;

/// How long a driver waits for devices that its commands tell to forget: until they have answered or the unit
/// has given them up, or not at all. Not thread-safe: one engine thread owns it. No state of the machine:
/// outside a call it is always the same.
public final class Patience {
    private boolean waits = true;

    /// The usual patience.
    public Patience() {}

    /// Something that sends commands.
    interface Sending {
        void send() throws MappingRefused;
    }

    /// Waits, and so long that the unit gives up devices that do not answer.
    ///
    /// @param goOn acknowledges that a device was given up, so that the queue goes on
    void await(AtsIommu unit, Runnable goOn) {
        while (waits && unit.openInvalidations() > 0) {
            unit.timeOutInvalidations();
            goOn.run();
        }
    }

    /// Sends without waiting: the queue stays where it is until a device has answered, or the driver waits
    /// for its next commands.
    void without(Sending commands) throws MappingRefused {
        waits = false;
        try {
            commands.send();
        } finally {
            waits = true;
        }
    }
}
