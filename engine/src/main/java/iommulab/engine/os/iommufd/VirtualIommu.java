package iommulab.engine.os.iommufd;

import iommulab.engine.os.SoftwareView;
import iommulab.engine.os.call.Arguments;
import iommulab.engine.os.call.BadArgument;
import iommulab.engine.os.call.CallFailed;
import iommulab.engine.os.call.Value;
import iommulab.engine.os.device.PhysicalDevice;
import iommulab.engine.os.device.SelftestHooks;
import iommulab.engine.os.device.UnitTraits;
import iommulab.engine.os.state.Book;

import org.jspecify.annotations.Nullable;

import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/// The slice of a physical IOMMU that one virtual machine has (VIOMMU): which number the guest gives to
/// which device, and the second-stage table that all its requests go through. Source: kernel
/// `struct iommufd_viommu`, `drivers/iommu/iommufd/viommu.c`.
public final class VirtualIommu extends IoObject {
    private final Kind kind;
    private final int unitNumber;
    private final UnitTraits unit;
    private final PagingTable parent;
    private final Book<Long, VirtualDevice> devices;
    private final Book<String, EventQueue> events;
    private final Book<Integer, HardwareQueue> queues;
    private final @Nullable GuestNumbers numbers;

    /// What the guest believes to have.
    enum Kind {
        /// that of the kernel's self-test
        SELFTEST("selftest", "selftest", "viommu_selftest", 12),
        ARM_SMMUV3("arm_smmuv3", "arm_smmuv3", "arm_smmuv3", 16),
        /// Its driver has no entries of invalidations: see [#carryOut].
        AMD("amd", "amd_guest", "", 0);

        private final String word;
        private final String nestedData;
        private final String invalidation;
        private final int entryBytes;

        Kind(String word, String nestedData, String invalidation, int entryBytes) {
            this.word = word;
            this.nestedData = nestedData;
            this.invalidation = invalidation;
            this.entryBytes = entryBytes;
        }

        static Optional<Kind> of(String word) {
            for (var kind : values()) {
                if (kind.word.equals(word)) {
                    return Optional.of(kind);
                }
            }
            return Optional.empty();
        }
    }

    /// @param like a device of the physical IOMMU
    VirtualIommu(PhysicalDevice like, Kind kind, PagingTable parent) {
        super(parent.file());
        this.kind = kind;
        this.parent = parent;
        unitNumber = like.unitNumber();
        unit = like.unit().orElseThrow();
        devices = new Book<>(file().ledger());
        events = new Book<>(file().ledger());
        queues = new Book<>(file().ledger());
        numbers = kind == Kind.AMD ? new GuestNumbers(file().ledger()) : null;
        parent.hold(toString(), "second stage");
    }

    @Override
    public String type() {
        return "VIOMMU";
    }

    @Override
    public List<SoftwareView.Fact> facts() {
        return List.of(SoftwareView.Fact.of("type", kind.word), SoftwareView.Fact.of("on", parent));
    }

    /// Name of the type, as users write it.
    public String model() {
        return kind.word;
    }

    /// Name of the data that makes a table nested in it.
    String nestedData() {
        return kind.nestedData;
    }

    /// The guest's numbers of domains, on AMD-Vi.
    GuestNumbers numbers() {
        return Objects.requireNonNull(numbers, "only AMD's guests have domain numbers");
    }

    /// The table that leads from the guest's addresses to memory.
    public PagingTable parent() {
        return parent;
    }

    /// The physical IOMMU.
    public UnitTraits unit() {
        return unit;
    }

    int unitNumber() {
        return unitNumber;
    }

    // ---- devices

    /// By the guest's number.
    public Collection<VirtualDevice> devices() {
        return devices.all().values();
    }

    Optional<VirtualDevice> find(long virtualId) {
        return devices.find(virtualId);
    }

    void add(VirtualDevice device) {
        devices.set(device.virtualId(), device);
    }

    void remove(VirtualDevice device) {
        devices.remove(device.virtualId());
    }

    /// The number under which the guest knows a device.
    Optional<VirtualDevice> of(PhysicalDevice device) {
        return devices().stream().filter(known -> known.device().device() == device).findFirst();
    }

    /// A device is to use a table of this guest.
    ///
    /// @throws CallFailed (ENOENT) the guest has no number for it
    void requireKnows(PhysicalDevice device) throws CallFailed {
        if (of(device).isEmpty()) {
            throw new CallFailed(
                    "ENOENT",
                    "%s is no virtual device of %s: no number ties it to this guest."
                            .formatted(device, this));
        }
    }

    // ---- queues

    Optional<EventQueue> events(String eventType) {
        return events.find(eventType);
    }

    void add(EventQueue queue) {
        events.set(queue.eventType(), queue);
    }

    void remove(EventQueue queue) {
        events.remove(queue.eventType());
    }

    /// Whether hardware reads queues of this guest from its memory.
    boolean hasHardwareQueues() {
        return kind == Kind.SELFTEST;
    }

    Optional<HardwareQueue> queue(int index) {
        return queues.find(index);
    }

    void add(HardwareQueue queue) {
        queues.set(queue.index(), queue);
    }

    void remove(HardwareQueue queue) {
        queues.remove(queue.index());
    }

    // ---- invalidation

    /// Name of the type of its invalidation entries.
    String invalidationType() {
        return kind.invalidation;
    }

    /// Size of an invalidation entry.
    int entryBytes() {
        return kind.entryBytes;
    }

    /// The guest's invalidation commands, in order.
    ///
    /// @return how many were carried out: all
    /// @throws CallFailed (EOPNOTSUPP, EINVAL, EIO) the first one that is none; it returns `entry_num`, and
    ///     those before it stay done
    int invalidate(List<Arguments> entries) throws CallFailed, BadArgument {
        int done = 0;
        for (var entry : entries) {
            try {
                switch (kind) {
                    case SELFTEST -> invalidateWords(entry);
                    case ARM_SMMUV3 -> carryOut(StreamCommand.of(entry, this));
                    case AMD -> throw new IllegalStateException("its driver has no such entries");
                }
            } catch (CallFailed failed) {
                throw failed.returning("entry_num", Value.of(done)).keepingWork();
            }
            done++;
        }
        return done;
    }

    private void carryOut(StreamCommand command) throws CallFailed {
        file().core()
                .guests()
                .guestCommand(
                        unitNumber,
                        parent.domain(),
                        command.function(),
                        command.low(),
                        command.high());
    }

    /// A command in a buffer of the guest that hardware reads itself.
    ///
    /// @throws CallFailed (EOPNOTSUPP) hardware reads no such buffers, (EIO) as [DeviceTableCommand#of]
    void carryOut(long low, long high) throws CallFailed {
        if (kind != Kind.AMD) {
            throw new CallFailed(
                    "EOPNOTSUPP",
                    "Hardware reads no commands of %s: the hypervisor gives them to the kernel (iommufd.hwpt_invalidate)."
                            .formatted(this));
        }
        for (var command : DeviceTableCommand.of(low, high, this)) {
            file().core()
                    .guests()
                    .guestCommand(
                            unitNumber,
                            command.domain().orElse(parent.domain()),
                            command.function(),
                            command.low(),
                            command.high());
        }
    }

    /// Source: kernel `mock_viommu_cache_invalidate`.
    private void invalidateWords(Arguments entry) throws CallFailed, BadArgument {
        var named = GuestInvalidation.SelftestWord.ofDevice(entry);
        if (Long.compareUnsigned(named.word(), SelftestHooks.CACHE_WORDS) >= 0) {
            throw new CallFailed(
                    "EINVAL",
                    "A device has no cache word %s."
                            .formatted(Long.toUnsignedString(named.word())));
        }
        long number = named.device().orElseThrow();
        var device =
                find(number)
                        .orElseThrow(() ->
                                new CallFailed(
                                        "EINVAL",
                                        "%s has no virtual device 0x%x.".formatted(this, number)));
        var hooks = device.device().device().hooks();
        if (named.all()) {
            hooks.invalidateAll();
        } else {
            hooks.invalidateWord((int) named.word());
        }
    }

    @Override
    protected void end() {
        parent.release(toString());
    }
}
