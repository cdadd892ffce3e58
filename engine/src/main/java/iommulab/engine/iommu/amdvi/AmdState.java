package iommulab.engine.iommu.amdvi;

import iommulab.engine.cache.CacheGeometry;
import iommulab.engine.cache.CacheKind;
import iommulab.engine.cache.DeviceEntryCache;
import iommulab.engine.cache.Iotlb;
import iommulab.engine.cache.PasidEntryCache;
import iommulab.engine.iommu.AtsDevice;
import iommulab.engine.iommu.AtsIommu;
import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.DeviceMessages;
import iommulab.engine.iommu.PageResponse;
import iommulab.engine.iommu.QueueState;
import iommulab.engine.memory.PhysicalMemory;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/// What an AMD IOMMU keeps: registers, caches, command buffer, event log, page request log.
public abstract sealed class AmdState implements AtsIommu permits AmdFindings {
    private final AmdCapabilities capabilities;
    private final PhysicalMemory memory;
    private final CommandBuffer commands;
    private final LogRing events = new LogRing();
    private final DeviceMessages messages = new DeviceMessages();
    private final PageRequests pageRequests;
    private final AmdRegisters registers;
    private AmdCaches caches;
    private long registerVersion;
    private long deviceTableBase;
    /* Devices with SE whose first page fault was logged. */
    private BitSet silenced = new BitSet();
    DeviceEntryCache devices;
    PasidEntryCache pasids;
    Iotlb iotlb;
    boolean translating;
    /* Translating, and nobody looks: the way of most requests. */
    boolean straight;
    private boolean observed;
    boolean guestTranslation;
    /* Whether GCR3 tables below host tables are the guests'. */
    boolean guestPointers;
    AddressHoles holes = AddressHoles.NONE;

    AmdState(AmdCapabilities capabilities, PhysicalMemory memory, CacheShapes shapes, long seed) {
        this.capabilities = capabilities;
        this.memory = memory;
        commands = new CommandBuffer(memory, capabilities, messages);
        pageRequests = new PageRequests(memory, messages);
        caches = new AmdCaches(shapes, seed);
        devices = caches.devices();
        pasids = caches.pasids();
        iotlb = caches.iotlb();
        registers = new AmdRegisters(this);
    }

    public AmdCapabilities capabilities() {
        return capabilities;
    }

    /// The memory that holds the tables.
    public PhysicalMemory memory() {
        return memory;
    }

    public AmdRegisters registers() {
        return registers;
    }

    public CommandBuffer commands() {
        return commands;
    }

    /// The event log.
    public LogRing events() {
        return events;
    }

    public PageRequests pageRequests() {
        return pageRequests;
    }

    public AmdCaches caches() {
        return caches;
    }

    @Override
    public boolean isTranslating() {
        return translating;
    }

    /// Device table base address register: 51:12 address, 8:0 size in 4 KiB, minus one.
    public long deviceTableBase() {
        return deviceTableBase;
    }

    @Override
    public long deviceTable() {
        return DeviceTable.table(deviceTableBase);
    }

    @Override
    public long capabilityRegister() {
        return capabilities.header();
    }

    @Override
    public long extendedCapabilityRegister() {
        return capabilities.features();
    }

    @Override
    public int addressBits() {
        return Math.min(64, 12 + 9 * capabilities.hostLevels());
    }

    /// Command buffer, event log and page request log, as far as they are in use.
    @Override
    public List<QueueState> queues() {
        var inUse = new ArrayList<QueueState>();
        if (commands.isRunning() || commands.executed() > 0) {
            inUse.add(commands.toQueueState());
        }
        if (events.isRunning() || events.written() > 0) {
            inUse.add(
                    events.toQueueState(
                            "event log",
                            memory,
                            (low, high) -> new AmdEvent(low, high).toString()));
        }
        var requests = pageRequests.log();
        if (requests.isRunning() || requests.written() > 0) {
            inUse.add(requests.toQueueState("page request log", memory, PageRequests::words));
        }
        return List.copyOf(inUse);
    }

    @Override
    public List<FaultRegister> faultRegisters() {
        return List.of();
    }

    @Override
    public boolean faultsLost() {
        return events.hasOverflowed();
    }

    /// Rises whenever a register changes what requests find, also by going back; no part of the state.
    long registerVersion() {
        return registerVersion;
    }

    @Override
    public void reshape(CacheKind kind, CacheGeometry geometry) {
        caches.reshape(kind, geometry);
        adoptCaches();
    }

    /// The caches are other objects now.
    void adoptCaches() {
        devices = caches.devices();
        pasids = caches.pasids();
        iotlb = caches.iotlb();
    }

    // ---- going back

    @Override
    public AmdCheckpoint checkpoint() {
        return new AmdCheckpoint(
                caches.copy(),
                commands.state(),
                events.state(),
                pageRequests.log().state(),
                messages.state(),
                registers.state(),
                deviceTableBase,
                (BitSet) silenced.clone());
    }

    @Override
    public void restore(State state) {
        if (!(state instanceof AmdCheckpoint then)) {
            throw new IllegalStateException("not a state of an AMD IOMMU: " + state);
        }
        caches = then.caches().copy();
        commands.restore(then.commands());
        events.restore(then.events());
        pageRequests.log().restore(then.pageRequests());
        messages.restore(then.messages());
        registers.restore(then.registers());
        deviceTableBase = then.deviceTableBase();
        silenced = (BitSet) then.silenced().clone();
        adoptControl();
        registerVersion++;
        adoptCaches();
    }

    @Override
    public long stateHash() {
        long hash = caches.stateHash() * 31 + commands.state().hashCode();
        hash = hash * 31 + events.state().hashCode();
        hash = hash * 31 + pageRequests.log().state().hashCode() + messages.stateHash();
        hash = hash * 31 + registers.state().hashCode();
        return (hash * 31 + deviceTableBase) * 31 + silenced.hashCode();
    }

    /// Takes what decides translations from another unit of the same capabilities.
    void adoptRegisters(AmdState other) {
        registers.restore(other.registers.state());
        deviceTableBase = other.deviceTableBase;
        adoptControl();
    }

    // ---- what registers do

    void setDeviceTable(long value) {
        deviceTableBase = value;
        registerVersion++;
    }

    /// Switching translation, guest translation or whose GCR3 tables are, either way, empties the caches.
    void setControl(long control) {
        boolean before = translating;
        boolean guestBefore = guestTranslation;
        boolean pointersBefore = guestPointers;
        adoptControl();
        registerVersion++;
        if (before != translating
                || guestBefore != guestTranslation
                || pointersBefore != guestPointers) {
            caches.removeAll();
        }
    }

    /// Whether somebody wants to know each step.
    void setObserved(boolean value) {
        observed = value;
        straight = translating && !observed;
    }

    private void adoptControl() {
        long control = registers.control();
        translating = (control & AmdRegisters.ENABLE) != 0;
        straight = translating && !observed;
        guestTranslation =
                (control & AmdRegisters.GUEST_TRANSLATION) != 0 && capabilities.guestTranslation();
        guestPointers =
                (control & AmdRegisters.GUEST_POINTERS) != 0 && capabilities.guestPointers();
        holes = AddressHoles.of(registers.exclusionBase(), registers.exclusionLimit());
    }

    /// What was translated before may be excluded now.
    void setExclusion() {
        adoptControl();
        registerVersion++;
        caches.removeAll();
    }

    void runCommands() {
        commands.run(this);
    }

    // ---- commands

    void execute(AmdCommand command) {
        switch (command.opcode()) {
            case AmdCommand.INVALIDATE_DEVTAB_ENTRY -> {
                caches.removeDevice(command.device());
                silenced.clear(command.device());
            }
            case AmdCommand.INVALIDATE_PAGES -> invalidatePages(command);
            case AmdCommand.INVALIDATE_ALL -> {
                caches.removeAll();
                silenced.clear();
            }
            case AmdCommand.PREFETCH_PAGES -> prefetch(command);
            case AmdCommand.COMPLETE_PPR ->
                    messages.respond(
                            command.device(),
                            command.pasid(),
                            command.group(),
                            PageResponse.ofCode(command.status()).orElse(PageResponse.FAILURE));
            // Waits and device-TLB invalidations are the buffer's; interrupt tables are not cached
            // here.
            default -> {}
        }
    }

    private void invalidatePages(AmdCommand command) {
        if (command.isGuest()) {
            caches.removeGuestPages(
                    command.domain(),
                    command.pasid(),
                    command.rangeStart(),
                    command.rangeBits(),
                    command.tablesToo());
        } else {
            caches.removeHostPages(
                    command.domain(),
                    command.rangeStart(),
                    command.rangeBits(),
                    command.tablesToo());
        }
    }

    abstract void prefetch(AmdCommand command);

    // ---- devices

    @Override
    public void connect(int requester, AtsDevice device) {
        messages.connect(requester, device);
    }

    @Override
    public void invalidationCompleted(int requester, int tag) {
        if (messages.complete(requester, tag)) {
            commands.deviceCompleted(requester);
            runCommands();
        }
    }

    @Override
    public int openInvalidations() {
        return messages.openInvalidations();
    }

    @Override
    public List<Integer> awaitedDevices() {
        return messages.awaitedDevices();
    }

    /// An event for each; the commands that waited go on.
    @Override
    public void timeOutInvalidations() {
        if (messages.openInvalidations() > 0) {
            messages.forgetOpen();
            commands.timeOut(this);
            runCommands();
        }
    }

    // ---- events

    /// @return whether it was written
    boolean log(AmdEvent event) {
        return events.write(memory, event.low(), event.high());
    }

    /// Whether a page fault of a device is to be logged; with SE only the first is.
    ///
    /// @param detail of its entry, see [DeviceTableEntry]
    boolean logsPageFault(int device, long detail) {
        if ((detail & DeviceTableEntry.SUPPRESS_ALL) != 0) {
            return false;
        }
        if ((detail & DeviceTableEntry.SUPPRESS_MORE) == 0) {
            return true;
        }
        boolean first = !silenced.get(device);
        silenced.set(device);
        return first;
    }
}
