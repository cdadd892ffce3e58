package iommulab.engine.session;

import iommulab.engine.Fingerprint;
import iommulab.engine.iommu.MappingRefused;
import iommulab.engine.iommu.Permissions;
import iommulab.engine.iommu.builder.TableStore;
import iommulab.engine.memory.AddressRange;
import iommulab.engine.memory.FrameAllocator;
import iommulab.engine.memory.PhysicalMemory;
import iommulab.engine.os.Domain;

import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.LongUnaryOperator;

/// Where guests keep their own page tables: in the end of the memory that a second-stage domain maps for
/// them, at guest-physical addresses. One engine thread owns it.
final class GuestMemory {
    private static final long LARGEST = 4 << 20;
    private static final long SMALLEST_MAPPING = 1 << 20;

    private final PhysicalMemory memory;
    private final TreeMap<Integer, Guest> byParent = new TreeMap<>();

    /// @param range gpa
    /// @param frames of the range
    private record Guest(AddressRange range, FrameAllocator frames) {}

    GuestMemory(PhysicalMemory memory) {
        this.memory = memory;
    }

    /// hpa behind a guest-physical address, -1 if the domain does not map it.
    static long hpa(Domain parent, long gpa) {
        return parent.mappingAt(gpa)
                .map(mapping -> mapping.hpa() + (gpa - mapping.iova()))
                .orElse(-1L);
    }

    /// The store of the guest behind a domain; its first call decides where it lies.
    ///
    /// @throws MappingRefused (ENOMEM) if the domain maps too little
    TableStore storeBehind(Domain parent) throws MappingRefused {
        var guest = byParent.get(parent.id());
        if (guest == null) {
            var range = rangeIn(parent);
            guest = new Guest(range, new FrameAllocator(range));
            byParent.put(parent.id(), guest);
        }
        return new TableStore(memory, guest.frames(), gpa -> hpa(parent, gpa));
    }

    /// The store of a guest that had one before.
    TableStore resumeBehind(int parent, LongUnaryOperator toHost) {
        var guest = Objects.requireNonNull(byParent.get(parent), "a guest without memory");
        return new TableStore(memory, guest.frames(), toHost);
    }

    private static AddressRange rangeIn(Domain parent) throws MappingRefused {
        for (var mapping : parent.mappings().reversed()) {
            if (mapping.permissions() == Permissions.READ_WRITE
                    && mapping.bytes() >= SMALLEST_MAPPING) {
                long bytes = Math.min(LARGEST, mapping.bytes() / 2 & -4096L);
                return AddressRange.of(mapping.iova() + mapping.bytes() - bytes, bytes);
            }
        }
        throw new MappingRefused(
                "ENOMEM",
                "Domain %d maps no memory in which a guest could keep tables. Map at least 1 MiB for reading and writing."
                        .formatted(parent.id()));
    }

    /// The domain is gone.
    void forget(int parent) {
        byParent.remove(parent);
    }

    // ---- going back

    /// One guest's memory at one instant.
    record Checkpoint(AddressRange range, FrameAllocator.Checkpoint frames) {}

    Map<Integer, Checkpoint> checkpoint() {
        var then = new TreeMap<Integer, Checkpoint>();
        byParent.forEach((parent, guest) ->
                then.put(parent, new Checkpoint(guest.range(), guest.frames().checkpoint())));
        return then;
    }

    void restore(Map<Integer, Checkpoint> then) {
        byParent.clear();
        then.forEach((parent, guest) -> {
            var frames = new FrameAllocator(guest.range());
            frames.restore(guest.frames());
            byParent.put(parent, new Guest(guest.range(), frames));
        });
    }

    void addTo(Fingerprint hash) {
        byParent.forEach((parent, guest) -> hash.add(parent).add(guest.frames().stateHash()));
    }
}
