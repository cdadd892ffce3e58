package iommulab.engine.iommu.riscv;

import iommulab.engine.cache.CacheGeometry;
import iommulab.engine.cache.CacheKind;
import iommulab.engine.cache.DeviceEntryCache;
import iommulab.engine.cache.Iotlb;
import iommulab.engine.cache.PasidEntryCache;
import iommulab.engine.iommu.AtsDevice;
import iommulab.engine.iommu.AtsIommu;
import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.QueueState;
import iommulab.engine.memory.PhysicalMemory;

import java.util.List;

/// What a RISC-V IOMMU keeps: registers, queues, interrupts, caches.
public abstract sealed class RiscvState implements AtsIommu permits RiscvSteps {
    static final int OFF = 0;
    static final int BARE = 1;

    private static final int DEEPEST = 4;
    private static final long MODE = 0xf;
    private static final long DDTP_BITS = (1L << 44) - 1 << 10 | MODE;

    private final RiscvCapabilities capabilities;
    private final PhysicalMemory memory;
    private final RiscvRegisters registers;
    private final Interrupts interrupts;
    private final AtsMessages ats = new AtsMessages();
    private final CommandQueue commands;
    private final RecordQueue faults;
    private final RecordQueue pageRequests;
    private RiscvCaches caches;
    private long registerVersion;
    private int control;
    /* No state: for whoever asks after a request. */
    private FaultRecord lastRecord = new FaultRecord(0, 0, 0);
    private long directory;
    /* Directory levels in use; 0 while ddtp is Off or Bare. */
    int levels;
    /* Whether a plain request can be answered by caches alone and nobody looks. */
    boolean straight;
    DeviceEntryCache devices;
    PasidEntryCache processes;
    Iotlb iotlb;

    RiscvState(
            RiscvCapabilities capabilities, PhysicalMemory memory, CacheShapes shapes, long seed) {
        this.capabilities = capabilities;
        this.memory = memory;
        registers = new RiscvRegisters(this);
        interrupts = new Interrupts(memory);
        commands = new CommandQueue(memory, capabilities, ats);
        faults = new RecordQueue(memory, 5);
        pageRequests = new RecordQueue(memory, 4);
        caches = new RiscvCaches(shapes, seed);
        devices = caches.devices();
        processes = caches.processes();
        iotlb = caches.iotlb();
        control = capabilities.wired() && !capabilities.messages() ? RiscvRegisters.WSI : 0;
    }

    public RiscvCapabilities capabilities() {
        return capabilities;
    }

    /// The memory that holds the tables.
    public PhysicalMemory memory() {
        return memory;
    }

    public RiscvRegisters registers() {
        return registers;
    }

    public CommandQueue commands() {
        return commands;
    }

    /// Messages to devices' translation caches.
    public AtsMessages ats() {
        return ats;
    }

    RecordQueue faults() {
        return faults;
    }

    RecordQueue pageRequests() {
        return pageRequests;
    }

    Interrupts interrupts() {
        return interrupts;
    }

    RiscvCaches caches() {
        return caches;
    }

    /// `fctl`
    public int control() {
        return control;
    }

    /// `ddtp`
    public long directory() {
        return directory;
    }

    /// `ddtp.iommu_mode`
    int mode() {
        return (int) (directory & MODE);
    }

    @Override
    public boolean isTranslating() {
        return levels != 0;
    }

    @Override
    public long deviceTable() {
        return DeviceContext.root(directory >>> 10);
    }

    @Override
    public long capabilityRegister() {
        return capabilities.bits();
    }

    @Override
    public long extendedCapabilityRegister() {
        return 0;
    }

    @Override
    public int addressBits() {
        return capabilities.addressBits();
    }

    @Override
    public List<QueueState> queues() {
        return QueueWords.of(this);
    }

    /// None: faults go to memory.
    @Override
    public List<FaultRegister> faultRegisters() {
        return List.of();
    }

    @Override
    public boolean faultsLost() {
        return faults.has(RecordQueue.OVERFLOW | RecordQueue.MEMORY_FAULT);
    }

    /// Rises whenever a register changes that decides how requests are translated, also by going back.
    long registerVersion() {
        return registerVersion;
    }

    @Override
    public void reshape(CacheKind kind, CacheGeometry geometry) {
        caches.reshape(kind, geometry);
        adoptCaches();
    }

    /// Whether the straight way may be taken has changed.
    abstract void goStraight();

    /// The caches are other objects now.
    void adoptCaches() {
        devices = caches.devices();
        processes = caches.processes();
        iotlb = caches.iotlb();
    }

    // ---- what registers do

    /// While requests are translated, what cannot be changed in between is ignored.
    void setControl(int value) {
        int writable =
                (capabilities.bothByteOrders() && capabilities.byteOrderSelectable()
                                ? RiscvRegisters.BE
                                : 0)
                        | (capabilities.wired() && capabilities.messages() ? RiscvRegisters.WSI : 0)
                        | (capabilities.guestWidthSelectable() ? RiscvRegisters.GXL : 0);
        control = control & ~writable | value & writable;
        registerVersion++;
    }

    /// From one depth to another the way leads through Off or Bare; anything else is ignored, as is a mode
    /// that does not exist.
    void setDirectory(long value) {
        int newMode = (int) (value & MODE);
        if (newMode > DEEPEST || newMode > BARE && mode() > BARE && newMode != mode()) {
            return;
        }
        directory = value & DDTP_BITS;
        levels = Math.max(0, newMode - BARE);
        goStraight();
        registerVersion++;
    }

    void setCommandTail(int value) {
        commands.setTail(value);
        runCommands();
    }

    void setCommandStatus(int value) {
        commands.setStatus(value);
        runCommands();
    }

    private void runCommands() {
        commands.run(caches, control);
        if (commands.wantsInterrupt()) {
            interrupt(Interrupts.COMMAND_QUEUE);
        }
    }

    void setFaultStatus(int value) {
        faults.setStatus(value);
    }

    void setPageRequestStatus(int value) {
        pageRequests.setStatus(value);
    }

    /// Software acknowledges interrupts; what still stands raises them again.
    void acknowledge(int bits) {
        interrupts.acknowledge(bits);
        if (commands.wantsInterrupt()) {
            interrupt(Interrupts.COMMAND_QUEUE);
        }
    }

    void setMessageControl(int vector, int value) {
        recordLostMessage(interrupts.setControl(vector, value));
    }

    // ---- devices

    @Override
    public void connect(int requester, AtsDevice device) {
        ats.connect(requester, device);
    }

    /// Messages have no tags here: an answer is for the oldest invalidation of the requester.
    @Override
    public void invalidationCompleted(int requester, int tag) {
        completeInvalidation(requester);
    }

    @Override
    public int openInvalidations() {
        return ats.waiting();
    }

    @Override
    public List<Integer> awaitedDevices() {
        return ats.awaitedDevices();
    }

    /// A device has answered an ATS invalidation; a fence may go on.
    ///
    /// @param requester 16 bits
    /// @return whether the answer was waited for
    public boolean completeInvalidation(int requester) {
        boolean expected = ats.complete(requester);
        runCommands();
        return expected;
    }

    /// Devices have not answered ATS invalidations in time.
    @Override
    public void timeOutInvalidations() {
        if (ats.areWaiting()) {
            ats.giveUp();
            commands.timeOut();
            runCommands();
        }
    }

    // ---- records

    /// The last record that was made, whether or not there was room for it.
    final FaultRecord lastRecord() {
        return lastRecord;
    }

    boolean isBigEndian() {
        return (control & RiscvRegisters.BE) != 0;
    }

    /// Appends a fault record.
    ///
    /// @return whether it lies in memory now
    boolean record(FaultRecord fault) {
        boolean stopped = faults.has(RecordQueue.MEMORY_FAULT | RecordQueue.OVERFLOW);
        lastRecord = fault;
        boolean appended =
                faults.append(isBigEndian(), fault.head(), 0, fault.iotval(), fault.iotval2());
        boolean stopsNow = faults.has(RecordQueue.MEMORY_FAULT | RecordQueue.OVERFLOW);
        if ((appended || stopsNow && !stopped) && faults.interrupts()) {
            interrupt(Interrupts.FAULT_QUEUE);
        }
        return appended;
    }

    /// Tells the processor, and records if memory refuses the message.
    void interrupt(int cause) {
        recordLostMessage(interrupts.raise(cause, (control & RiscvRegisters.WSI) != 0));
    }

    final void recordLostMessage(long hpa) {
        if (hpa >= 0) {
            record(FaultRecord.of(RiscvFault.MESSAGE_WRITE, 0, 0, NO_PASID, false, hpa, 0));
        }
    }

    // ---- going back

    /// A RISC-V IOMMU as it was at one instant. Shares nothing with it; memory has checkpoints of its own.
    private record Checkpoint(
            RiscvCaches caches,
            CommandQueue.State commands,
            RecordQueue.State faults,
            RecordQueue.State pageRequests,
            Interrupts.State interrupts,
            AtsMessages.State ats,
            int control,
            long directory)
            implements State {}

    @Override
    public State checkpoint() {
        return new Checkpoint(
                caches.copy(),
                commands.state(),
                faults.state(),
                pageRequests.state(),
                interrupts.state(),
                ats.state(),
                control,
                directory);
    }

    @Override
    public void restore(State state) {
        if (!(state instanceof Checkpoint then)) {
            throw new IllegalStateException("not a state of a RISC-V IOMMU: " + state);
        }
        caches = then.caches().copy();
        commands.restore(then.commands());
        faults.restore(then.faults());
        pageRequests.restore(then.pageRequests());
        interrupts.restore(then.interrupts());
        ats.restore(then.ats());
        adoptRegisters(then.control(), then.directory());
        adoptCaches();
    }

    /// Takes over what decides how requests are translated, caches apart.
    void adoptRegisters(int newControl, long newDirectory) {
        control = newControl;
        directory = newDirectory;
        levels = Math.max(0, mode() - BARE);
        goStraight();
        registerVersion++;
    }

    @Override
    public long stateHash() {
        long hash = caches.stateHash() * 31 + commands.state().hashCode();
        hash = hash * 31 + faults.state().hashCode();
        hash = hash * 31 + pageRequests.state().hashCode();
        hash = hash * 31 + interrupts.state().hashCode();
        hash = hash * 31 + ats.state().hashCode();
        return (hash * 31 + control) * 31 + directory;
    }
}
