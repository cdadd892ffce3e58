package iommulab.engine.iommu.vtd;

import iommulab.engine.cache.CacheGeometry;
import iommulab.engine.cache.CacheKind;
import iommulab.engine.cache.DeviceEntryCache;
import iommulab.engine.cache.Iotlb;
import iommulab.engine.iommu.AtsDevice;
import iommulab.engine.iommu.AtsIommu;
import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.DeviceMessages;
import iommulab.engine.iommu.Field;
import iommulab.engine.iommu.QueueState;
import iommulab.engine.memory.PhysicalMemory;

import java.util.ArrayList;
import java.util.List;

/// What a VT-d unit keeps: registers, caches, fault records, its queue, and the root table in force.
public abstract sealed class VtdState implements AtsIommu permits VtdOutcome {
    private final VtdCapabilities capabilities;
    private final PhysicalMemory memory;
    private final SecondStageFormat format;
    private final DeviceMessages messages = new DeviceMessages();
    private final InvalidationQueue queue;
    private final PageRequestQueue pageRequests;
    private final VtdRegisters registers;
    private long registerVersion;
    private VtdCaches caches;
    FaultRecording faults;
    DeviceEntryCache contexts;
    Iotlb iotlb;
    boolean translating;
    long rootTableAddress;

    VtdState(VtdCapabilities capabilities, PhysicalMemory memory, CacheShapes shapes, long seed) {
        this.capabilities = capabilities;
        this.memory = memory;
        format = new SecondStageFormat(capabilities);
        queue = new InvalidationQueue(memory, capabilities, messages);
        pageRequests = new PageRequestQueue(memory);
        faults = new FaultRecording(capabilities.faultRecords());
        caches = new VtdCaches(shapes, capabilities.deepestLevels(), seed);
        contexts = caches.contexts();
        iotlb = caches.iotlb();
        registers = new VtdRegisters(this);
    }

    public VtdCapabilities capabilities() {
        return capabilities;
    }

    /// The memory that holds the tables.
    public PhysicalMemory memory() {
        return memory;
    }

    SecondStageFormat format() {
        return format;
    }

    public VtdRegisters registers() {
        return registers;
    }

    public FaultRecording faults() {
        return faults;
    }

    public InvalidationQueue queue() {
        return queue;
    }

    /// What devices asked for and software has not looked at yet.
    public PageRequestQueue pageRequests() {
        return pageRequests;
    }

    DeviceMessages messages() {
        return messages;
    }

    public VtdCaches caches() {
        return caches;
    }

    @Override
    public boolean isTranslating() {
        return translating;
    }

    /// The root table address in force: what RTADDR_REG held when software last set the root pointer.
    public long rootTableAddress() {
        return rootTableAddress;
    }

    /// Rises whenever the root table changes, also by going back; no part of the state.
    long registerVersion() {
        return registerVersion;
    }

    /// Gives the caches of a kind another shape; they are empty afterwards.
    @Override
    public void reshape(CacheKind kind, CacheGeometry geometry) {
        caches.reshape(kind, geometry);
        adoptCaches();
    }

    /// The caches are other objects now.
    void adoptCaches() {
        contexts = caches.contexts();
        iotlb = caches.iotlb();
    }

    @Override
    public long deviceTable() {
        return rootTableAddress & -4096L;
    }

    @Override
    public long capabilityRegister() {
        return capabilities.cap();
    }

    @Override
    public long extendedCapabilityRegister() {
        return capabilities.ecap();
    }

    @Override
    public int addressBits() {
        return capabilities.iovaBits();
    }

    @Override
    public List<QueueState> queues() {
        var queues = new ArrayList<QueueState>();
        if (queue.isEnabled()) {
            queues.add(
                    new QueueState(
                            "invalidation queue",
                            true,
                            queue.base(),
                            queue.bytes(),
                            queue.descriptorBytes(),
                            queue.head(),
                            queue.tail(),
                            false,
                            queue.recent().stream().map(Object::toString).toList()));
        }
        if (pageRequests.base() != 0) {
            queues.add(
                    new QueueState(
                            "page request queue",
                            false,
                            pageRequests.base(),
                            pageRequests.bytes(),
                            pageRequests.entryBytes(),
                            pageRequests.head(),
                            pageRequests.tail(),
                            (pageRequests.status() & PageRequestQueue.OVERFLOW) != 0,
                            pageRequests.recent()));
        }
        return List.copyOf(queues);
    }

    @Override
    public boolean faultsLost() {
        return (faults.status() & 1) != 0;
    }

    @Override
    public List<FaultRegister> faultRegisters() {
        var registers = new ArrayList<FaultRegister>();
        for (int i = 0; i < faults.registers(); i++) {
            long high = faults.high(i);
            long low = faults.low(i);
            registers.add(new FaultRegister(i, low, high, high < 0, recorded(low, high)));
        }
        return List.copyOf(registers);
    }

    private static List<Field> recorded(long low, long high) {
        return high < 0
                ? VtdQueueStructures.FAULT_RECORD.decode(new long[] {low, high}, new long[2])
                : List.of();
    }

    // ---- going back

    /// Remembers the whole state. Costs copies of the caches' arrays.
    @Override
    public VtdCheckpoint checkpoint() {
        return new VtdCheckpoint(this);
    }

    /// Makes the state what it was, on this unit or on another of the same capabilities. The same
    /// checkpoint can be restored again.
    @Override
    public void restore(State state) {
        if (!(state instanceof VtdCheckpoint then)) {
            throw new IllegalStateException("not a state of a VT-d unit: " + state);
        }
        caches = then.caches();
        faults = then.faults();
        queue.restore(then.queue());
        registers.restore(then.registers());
        pageRequests.restore(then.pageRequests());
        messages.restore(then.messages());
        translating = then.isTranslating();
        rootTableAddress = then.rootTableAddress();
        registerVersion++;
        chooseMode();
        adoptCaches();
    }

    /// Hash of everything that decides what the unit will answer from now on, memory apart.
    @Override
    public long stateHash() {
        long hash = caches.stateHash() * 31 + faults.stateHash();
        hash = hash * 31 + queue.state().hashCode();
        hash = hash * 31 + registers.state().hashCode();
        hash = (hash * 31 + rootTableAddress) * 31 + (translating ? 1 : 0);
        // A unit to which no device ever spoke has no state of that.
        boolean spokenTo =
                messages.stateHash() != 0
                        || !pageRequests.state().equals(PageRequestQueue.State.POWER_ON);
        return spokenTo
                ? (hash * 31 + messages.stateHash()) * 31 + pageRequests.state().hashCode()
                : hash;
    }

    // ---- what registers do

    /// Translation was switched, or the root table address has changed, and with it perhaps the table mode.
    abstract void chooseMode();

    void setRootTableAddress(long address) {
        rootTableAddress = address;
        registerVersion++;
        chooseMode();
        if (capabilities.rootPointerEmptiesCaches()) {
            caches.removeAll();
        }
    }

    /// Switching translation, either way, empties the caches.
    void setTranslating(boolean value) {
        if (translating != value) {
            translating = value;
            chooseMode();
            caches.removeAll();
        }
    }

    void setQueueTail(long offset) {
        queue.setTail(offset, caches, faults);
    }

    void runQueue() {
        queue.run(caches, faults);
    }

    // ---- messages of devices

    @Override
    public void connect(int requester, AtsDevice device) {
        messages.connect(requester, device);
    }

    @Override
    public void invalidationCompleted(int requester, int tag) {
        if (!messages.complete(requester, tag)) {
            faults.raiseCompletionError();
        }
        runQueue();
    }

    @Override
    public int openInvalidations() {
        return messages.openInvalidations();
    }

    @Override
    public List<Integer> awaitedDevices() {
        return messages.awaitedDevices();
    }

    @Override
    public void timeOutInvalidations() {
        queue.timeOut(faults);
    }
}
