package iommulab.engine.iommu.smmuv3;

import iommulab.engine.cache.CacheGeometry;
import iommulab.engine.cache.CacheKind;
import iommulab.engine.cache.DeviceEntryCache;
import iommulab.engine.cache.Iotlb;
import iommulab.engine.cache.PasidEntryCache;
import iommulab.engine.iommu.AtsDevice;
import iommulab.engine.iommu.AtsIommu;
import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.DeviceMessages;
import iommulab.engine.iommu.PageRequest;
import iommulab.engine.iommu.QueueState;
import iommulab.engine.memory.PhysicalMemory;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// What an SMMU keeps: registers, caches, queues, stalled requests.
public abstract sealed class SmmuState implements AtsIommu permits SmmuAnswers {
    private final SmmuCapabilities capabilities;
    private final PhysicalMemory memory;
    private final SmmuErrors errors = new SmmuErrors();
    private final EventQueue events;
    private final CommandQueue commands;
    private final StalledRequests stalled;
    private final FaultReporting reporting;
    private final DeviceMessages messages = new DeviceMessages();
    private final PageRequestQueue pageRequests;
    private final SmmuRegisters registers;
    private long registerVersion;
    private SmmuCaches caches;
    DeviceEntryCache streams;
    PasidEntryCache descriptors;
    Iotlb iotlb;
    boolean translating;
    /* Translating, and nobody looks: the way of most requests. */
    boolean straight;
    private boolean observed;

    /// @param rehearses whether events are only counted, not written
    SmmuState(
            SmmuCapabilities capabilities,
            PhysicalMemory memory,
            CacheShapes shapes,
            long seed,
            boolean rehearses) {
        this.capabilities = capabilities;
        this.memory = memory;
        events = new EventQueue(memory, errors, capabilities.eventQueueBits(), rehearses);
        commands = new CommandQueue(memory, capabilities, errors, messages);
        pageRequests = new PageRequestQueue(memory, errors, messages, capabilities.pageQueueBits());
        stalled = new StalledRequests(capabilities.mayStall() ? capabilities.mostStalled() : 0);
        reporting = new FaultReporting(events, stalled);
        caches = new SmmuCaches(shapes, capabilities, seed);
        streams = caches.streams();
        descriptors = caches.descriptors();
        iotlb = caches.iotlb();
        registers = new SmmuRegisters(this);
    }

    public SmmuCapabilities capabilities() {
        return capabilities;
    }

    /// The memory that holds the tables.
    public PhysicalMemory memory() {
        return memory;
    }

    public SmmuRegisters registers() {
        return registers;
    }

    public EventQueue events() {
        return events;
    }

    public CommandQueue commands() {
        return commands;
    }

    public StalledRequests stalled() {
        return stalled;
    }

    /// GERROR and GERRORN.
    public SmmuErrors errors() {
        return errors;
    }

    public PageRequestQueue pageRequests() {
        return pageRequests;
    }

    DeviceMessages messages() {
        return messages;
    }

    FaultReporting reporting() {
        return reporting;
    }

    public SmmuCaches caches() {
        return caches;
    }

    @Override
    public boolean isTranslating() {
        return translating;
    }

    /// Takes over what another unit has in its registers, and which of its requests wait.
    void follow(SmmuState other) {
        registers.restore(other.registers.state());
        stalled.restore(other.stalled.state());
    }

    /// The world of a stream table entry, as CR2 has it now.
    StreamWorld worldOf(StreamEntry entry) {
        return StreamWorld.of(entry, capabilities, registers.isHost());
    }

    /// Rises whenever a register changes that decides answers, also by going back; no part of the state.
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
        streams = caches.streams();
        descriptors = caches.descriptors();
        iotlb = caches.iotlb();
    }

    // ---- what is told of it

    @Override
    public long deviceTable() {
        return registers.streamTable() & (1L << 52) - 64;
    }

    /// IDR1 and IDR0.
    @Override
    public long capabilityRegister() {
        return (long) capabilities.idr1() << 32 | capabilities.idr0() & 0xffff_ffffL;
    }

    /// IDR5 and IDR3.
    @Override
    public long extendedCapabilityRegister() {
        return (long) capabilities.idr5() << 32 | capabilities.idr3() & 0xffff_ffffL;
    }

    @Override
    public int addressBits() {
        return capabilities.stage1()
                ? capabilities.wideVirtual() ? 52 : 48
                : capabilities.intermediateBits();
    }

    @Override
    public List<QueueState> queues() {
        var queues = new ArrayList<QueueState>();
        if (commands.isEnabled()) {
            queues.add(commands.queue());
        }
        if (events.isEnabled()) {
            queues.add(events.queue());
        }
        if (pageRequests.isEnabled()) {
            queues.add(pageRequests.queue());
        }
        return List.copyOf(queues);
    }

    /// None: events lie in memory.
    @Override
    public List<FaultRegister> faultRegisters() {
        return List.of();
    }

    @Override
    public boolean faultsLost() {
        return events.hasOverflown();
    }

    // ---- going back

    /// Remembers the whole state. Costs copies of the caches' arrays.
    @Override
    public SmmuCheckpoint checkpoint() {
        return new SmmuCheckpoint(this);
    }

    /// Makes the state what it was, on this unit or on another of the same capabilities. The same
    /// checkpoint can be restored again.
    @Override
    public void restore(State state) {
        if (!(state instanceof SmmuCheckpoint then)) {
            throw new IllegalStateException("not a state of an SMMU: " + state);
        }
        caches = then.caches();
        events.restore(then.events());
        commands.restore(then.commands());
        stalled.restore(then.stalled());
        registers.restore(then.registers());
        pageRequests.restore(then.pages());
        messages.restore(then.messages());
        adoptCaches();
    }

    /// Hash of everything that decides what the unit will answer from now on, memory apart.
    @Override
    public long stateHash() {
        long hash = caches.stateHash() * 31 + events.state().hashCode();
        hash = hash * 31 + commands.state().hashCode();
        hash = hash * 31 + stalled.state().hashCode();
        hash = hash * 31 + pageRequests.state().hashCode() + messages.stateHash();
        return hash * 31 + registers.state().hashCode();
    }

    // ---- devices

    @Override
    public void connect(int requester, AtsDevice device) {
        messages.connect(requester, device);
    }

    /// An SMMU records nothing of requests that it does not take: it answers them.
    @Override
    public Optional<SmmuFault> requestPage(PageRequest request) {
        pageRequests.take(request);
        return Optional.empty();
    }

    @Override
    public void invalidationCompleted(int requester, int tag) {
        if (messages.complete(requester, tag)) {
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

    /// The SYNC that waits for them fails.
    @Override
    public void timeOutInvalidations() {
        if (messages.openInvalidations() > 0) {
            messages.forgetOpen();
            commands.failSync();
        }
    }

    // ---- what registers do

    /// CR0 and CR2 as they are now. Enabling and disabling does not empty the caches.
    void adoptControl(int cr0, int cr2) {
        translating = (cr0 & SmmuRegisters.ENABLED) != 0;
        straight = translating && !observed;
        events.setEnabled((cr0 & SmmuRegisters.EVENT_QUEUE) != 0);
        pageRequests.setEnabled((cr0 & SmmuRegisters.PAGE_QUEUE) != 0);
        commands.setEnabled((cr0 & SmmuRegisters.COMMAND_QUEUE) != 0);
        commands.serveHost(registers.isHost());
        commands.ignoreVmidBits(registers.ignoredVmidBits());
        reporting.recordBadStreams((cr2 & SmmuRegisters.RECORD_BAD_STREAMS) != 0);
        tablesChanged();
    }

    /// Whether somebody wants to know each step.
    void setObserved(boolean value) {
        observed = value;
        straight = translating && !observed;
    }

    void tablesChanged() {
        registerVersion++;
    }

    void runCommands() {
        commands.run(caches, stalled);
        for (var request : stalled.takeRetries()) {
            stalled.end(
                    request,
                    translate(
                            request.stream(),
                            request.substream(),
                            request.iova(),
                            request.access()));
        }
    }
}
