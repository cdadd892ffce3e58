package iommulab.engine.iommu.selftest;

import iommulab.engine.cache.CacheGeometry;
import iommulab.engine.cache.CacheKind;
import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.Iommu;
import iommulab.engine.iommu.QueueState;
import iommulab.engine.memory.PhysicalMemory;

import java.util.List;

/// What the self-test's IOMMU keeps: registers, caches, the place in its log.
public abstract sealed class SelftestState implements Iommu permits SelftestFindings {
    private final PhysicalMemory memory;
    private final SelftestRegisters registers = new SelftestRegisters(this);
    private final FaultLog log = new FaultLog();
    private SelftestCaches caches;
    private long control;
    private long deviceTableRegister;
    private long invalidateAddress;
    private long registerVersion;

    SelftestState(PhysicalMemory memory, CacheShapes shapes, long seed) {
        this.memory = memory;
        caches = new SelftestCaches(shapes, seed);
    }

    /// The memory that holds the tables.
    public PhysicalMemory memory() {
        return memory;
    }

    public SelftestRegisters registers() {
        return registers;
    }

    FaultLog log() {
        return log;
    }

    SelftestCaches caches() {
        return caches;
    }

    @Override
    public boolean isTranslating() {
        return (control & 1) != 0;
    }

    @Override
    public long deviceTable() {
        return deviceTableRegister & TranslationEntry.ADDRESS;
    }

    long deviceTableRegister() {
        return deviceTableRegister;
    }

    /// Bytes of the device table.
    int deviceTableBytes() {
        return ((int) (deviceTableRegister & 0x1ff) + 1) * 4096;
    }

    long invalidateAddress() {
        return invalidateAddress;
    }

    void setInvalidateAddress(long value) {
        invalidateAddress = value;
    }

    @Override
    public long capabilityRegister() {
        return registers.read64(SelftestRegisters.CAPABILITIES);
    }

    @Override
    public long extendedCapabilityRegister() {
        return 0;
    }

    @Override
    public int addressBits() {
        return SelftestFormat.ADDRESS_BITS;
    }

    /// The fault log, once it is on.
    @Override
    public List<QueueState> queues() {
        return log.isOn() ? List.of(log.toQueueState(memory)) : List.of();
    }

    /// None: faults go to memory.
    @Override
    public List<FaultRegister> faultRegisters() {
        return List.of();
    }

    @Override
    public boolean faultsLost() {
        return log.state().lost();
    }

    @Override
    public void reshape(CacheKind kind, CacheGeometry geometry) {
        caches.reshape(kind, geometry);
        adoptCaches();
    }

    /// The caches are other objects now.
    abstract void adoptCaches();

    /// Rises whenever a register changes what requests find, also by going back; no part of the state.
    long registerVersion() {
        return registerVersion;
    }

    /// Takes over what decides how requests are translated, caches apart.
    void adoptRegisters(long newControl, long newDeviceTable) {
        control = newControl;
        deviceTableRegister = newDeviceTable;
        registerVersion++;
    }

    // ---- going back

    private record Checkpoint(
            SelftestCaches caches,
            FaultLog.State log,
            long control,
            long deviceTable,
            long invalidateAddress)
            implements State {}

    @Override
    public State checkpoint() {
        return new Checkpoint(
                caches.copy(), log.state(), control, deviceTableRegister, invalidateAddress);
    }

    @Override
    public void restore(State state) {
        if (!(state instanceof Checkpoint then)) {
            throw new IllegalStateException("not a state of the self-test's IOMMU: " + state);
        }
        caches = then.caches().copy();
        log.restore(then.log());
        invalidateAddress = then.invalidateAddress();
        adoptRegisters(then.control(), then.deviceTable());
        adoptCaches();
    }

    @Override
    public long stateHash() {
        long hash = caches.stateHash() * 31 + log.state().hashCode();
        return ((hash * 31 + control) * 31 + deviceTableRegister) * 31 + invalidateAddress;
    }
}
