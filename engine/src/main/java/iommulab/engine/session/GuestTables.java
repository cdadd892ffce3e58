package iommulab.engine.session;

import iommulab.engine.Fingerprint;
import iommulab.engine.iommu.MappingRefused;
import iommulab.engine.iommu.Permissions;
import iommulab.engine.iommu.Stage;
import iommulab.engine.iommu.builder.TableBuilder;
import iommulab.engine.iommu.builder.TableStore;
import iommulab.engine.memory.AddressRange;
import iommulab.engine.memory.FrameAllocator;
import iommulab.engine.memory.PhysicalMemory;
import iommulab.engine.os.Attachment;
import iommulab.engine.os.Domain;
import iommulab.engine.os.GuestDirectory;
import iommulab.engine.os.IommuDriver;
import iommulab.engine.os.device.GuestEntry;
import iommulab.engine.pci.PciAddress;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// First-stage tables that guests keep in their own memory and use through the kernel's interface, and the
/// tables of PASIDs that they keep for their devices where hardware reads those. A guest
/// kernel's own pages lie in a window of guest-physical addresses, which its hypervisor has mapped in every
/// table that others are nested on. One engine thread owns it.
final class GuestTables {
    /// gpa of the window: far above what guests use for data.
    private static final long WINDOW = 0x7ff0_0000_0000L;

    private static final long BYTES = 4L << 20;

    private final PhysicalMemory memory;
    private final long hpa;
    private final FrameAllocator frames = new FrameAllocator(AddressRange.of(WINDOW, BYTES));
    private final TreeMap<Integer, Table> byNumber = new TreeMap<>();
    private final TreeMap<PciAddress, GuestDirectory> pasidsOf = new TreeMap<>();

    /// One table as it lies in memory.
    ///
    /// @param unit whose format it has
    /// @param top gpa of its top table
    /// @param frames that it takes
    record Table(int unit, long top, int frames) {}

    /// @param hpa of the window's first byte
    GuestTables(PhysicalMemory memory, long hpa) {
        this.memory = memory;
        this.hpa = hpa;
    }

    /// How much RAM the window takes, in bytes.
    static long bytes() {
        return BYTES;
    }

    static boolean isInWindow(long gpa) {
        return gpa >= WINDOW && gpa < WINDOW + BYTES;
    }

    TableStore store() {
        return new TableStore(memory, frames, gpa -> isInWindow(gpa) ? hpa + (gpa - WINDOW) : -1);
    }

    /// @return number of a new empty table
    int create(int unit, IommuDriver driver) throws MappingRefused {
        int number = byNumber.isEmpty() ? 1 : byNumber.lastKey() + 1;
        var tables =
                TableBuilder.create(
                        store(),
                        driver.encoder(Stage.FIRST),
                        driver.limits(Stage.FIRST, 0),
                        number);
        byNumber.put(number, new Table(unit, tables.top(), tables.tableFrames()));
        return number;
    }

    boolean has(int number) {
        return byNumber.containsKey(number);
    }

    int unitOf(int number) {
        return table(number).unit();
    }

    private Table table(int number) {
        var table = byNumber.get(number);
        if (table == null) {
            throw new IllegalStateException("there is no guest table " + number);
        }
        return table;
    }

    /// What writes the entries of a table.
    TableBuilder builder(int number, IommuDriver driver) throws MappingRefused {
        var table = table(number);
        return TableBuilder.resume(
                store(),
                driver.encoder(Stage.FIRST),
                driver.limits(Stage.FIRST, 0),
                number,
                table.top(),
                table.frames());
    }

    /// What a builder has left of a table.
    void update(int number, TableBuilder builder) {
        byNumber.put(number, new Table(table(number).unit(), builder.top(), builder.tableFrames()));
    }

    /// A guest lets a PASID of a device use a table of its own. No hardware is told.
    ///
    /// @param tables what writes that table
    /// @param driver of the device's unit
    /// @return the guest's entry of the device; empty if hardware reads no such tables of guests
    Optional<GuestEntry> writePasid(
            PciAddress device, int pasid, int number, TableBuilder tables, IommuDriver driver)
            throws MappingRefused {
        var written =
                driver.writeForGuest(
                        Optional.ofNullable(pasidsOf.get(device)),
                        store(),
                        pasid,
                        new Attachment(number, tables, number, null));
        written.ifPresent(directory -> pasidsOf.put(device, directory));
        return written.map(GuestDirectory::entry);
    }

    /// Makes the window part of what a table maps, if it is not.
    void mapWindow(Domain parent) throws MappingRefused {
        if (parent.mappingAt(WINDOW).isEmpty()) {
            parent.map(WINDOW, hpa, BYTES, Permissions.READ_WRITE);
        }
    }

    // ---- going back

    /// All tables at one instant.
    record Checkpoint(
            FrameAllocator.Checkpoint frames,
            Map<Integer, Table> tables,
            Map<PciAddress, GuestDirectory> pasidsOf) {}

    Checkpoint checkpoint() {
        return new Checkpoint(frames.checkpoint(), Map.copyOf(byNumber), Map.copyOf(pasidsOf));
    }

    void restore(Checkpoint then) {
        frames.restore(then.frames());
        byNumber.clear();
        byNumber.putAll(then.tables());
        pasidsOf.clear();
        pasidsOf.putAll(then.pasidsOf());
    }

    void addTo(Fingerprint hash) {
        if (!byNumber.isEmpty()) {
            hash.add(frames.stateHash());
            byNumber.forEach(
                    (number, table) -> hash.add(number).add(table.top()).add(table.frames()));
            pasidsOf.forEach(
                    (device, directory) -> hash.add(device.toString()).add(directory.root()));
        }
    }
}
