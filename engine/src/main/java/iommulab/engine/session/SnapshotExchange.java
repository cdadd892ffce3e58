package iommulab.engine.session;

import java.util.concurrent.atomic.AtomicReference;

/// Hands the newest snapshot from the engine's thread to the screen. Neither side ever waits.
public final class SnapshotExchange {
    private final AtomicReference<MachineSnapshot> newest =
            new AtomicReference<>(MachineSnapshot.POWER_OFF);

    /// An exchange that holds [MachineSnapshot#POWER_OFF].
    public SnapshotExchange() {}

    /// Called by the engine's thread, between two batches.
    public void publish(MachineSnapshot snapshot) {
        newest.setRelease(snapshot);
    }

    /// Called by the screen, once a frame.
    public MachineSnapshot newest() {
        return newest.getAcquire();
    }
}
