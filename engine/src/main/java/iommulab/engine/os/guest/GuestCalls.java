package iommulab.engine.os.guest;

import iommulab.engine.iommu.Permissions;
import iommulab.engine.os.CallTable;
import iommulab.engine.os.call.Action;
import iommulab.engine.os.call.Answer;
import iommulab.engine.os.call.Arguments;
import iommulab.engine.os.call.BadArgument;
import iommulab.engine.os.call.CallFailed;
import iommulab.engine.os.call.Value;
import iommulab.engine.os.device.Devices;
import iommulab.engine.os.device.GuestDomains;
import iommulab.engine.os.device.GuestEntry;
import iommulab.engine.os.device.PhysicalDevice;
import iommulab.engine.os.state.Book;
import iommulab.engine.os.state.Ledger;

import java.util.List;
import java.util.Map;

/// A guest edits its own first-stage tables and its own table of PASIDs. No hardware and no hypervisor is
/// told; only what the guest then says through its hypervisor has an effect.
public final class GuestCalls implements CallTable {
    private static final long PAGE = 4096;

    private final GuestDomains guests;
    private final Devices devices;
    private final Book<Integer, String> tables;
    private final Book<String, Integer> pasidEntries;

    public GuestCalls(Ledger ledger, GuestDomains guests, Devices devices) {
        this.guests = guests;
        this.devices = devices;
        tables = new Book<>(ledger);
        pasidEntries = new Book<>(ledger);
    }

    @Override
    public Map<String, Action> actions() {
        return Map.of(
                "guest.pt_create", this::create,
                "guest.pt_map", this::map,
                "guest.pt_unmap", this::unmap,
                "guest.pasid_entry_write", this::writePasidEntry);
    }

    /// Entries of guests' own PASID tables: `devA PASID 9` to the number of the table.
    public Book<String, Integer> pasidEntries() {
        return pasidEntries;
    }

    private Answer create(Arguments a) throws CallFailed {
        int unit =
                devices.all().stream()
                        .filter(device -> device.unit().isPresent())
                        .mapToInt(device -> device.unitNumber())
                        .min()
                        .orElseThrow(
                                () -> new CallFailed("ENODEV", "No device is below an IOMMU."));
        int number = guests.createGuestTable(unit).number();
        tables.set(number, "table of the guest");
        return Answer.OK.with("pt", number);
    }

    private GuestDomains.GuestTable table(Arguments a) throws BadArgument {
        int number = (int) a.number("pt");
        if (!tables.has(number)) {
            throw a.wrong("pt", a.value("pt"), "a table that guest.pt_create returned");
        }
        return new GuestDomains.GuestTable(number);
    }

    private Answer map(Arguments a) throws CallFailed, BadArgument {
        var table = table(a);
        var flags = a.optionalWord("flags").orElse("rw");
        long gva = a.number("gva");
        long bytes = a.number("npages", 1) * PAGE;
        guests.guestUnmaps(table, gva, bytes);
        guests.guestMaps(
                table,
                gva,
                a.number("gpa"),
                bytes,
                Permissions.of(flags.contains("r"), flags.contains("w")));
        return Answer.OK;
    }

    private Answer unmap(Arguments a) throws CallFailed, BadArgument {
        guests.guestUnmaps(table(a), a.number("gva"), a.number("npages", 1) * PAGE);
        return Answer.OK;
    }

    /// Where hardware reads the table, what the guest's entry of the device says is returned: the hypervisor
    /// sees it when the guest writes that entry.
    private Answer writePasidEntry(Arguments a) throws CallFailed, BadArgument {
        var device = devices.named(a, "device");
        var table = table(a);
        int pasid = (int) a.number("pasid");
        var entry = guests.guestWritesPasid(device.address(), pasid, table);
        pasidEntries.set("%s PASID %d".formatted(device, pasid), table.number());
        if (entry.isPresent()) {
            return told(device, entry.get())
                    .because(
                            "The guest's table lies in its memory. Hardware reads it once a nested"
                                + " table of this entry is attached, and what it has cached only"
                                + " when the guest says so.");
        }
        return Answer.OK.because(
                "The hypervisor does not see the guest's PASID table: nothing happens until it"
                        + " attaches the number.");
    }

    /// The guest's entry of a device, as its hypervisor gives it to the kernel.
    private static Answer told(PhysicalDevice device, GuestEntry entry) {
        var low = Value.hex(entry.low());
        var high = Value.hex(entry.high());
        boolean isAmd = device.unit().filter(unit -> unit.driver().equals("amd")).isPresent();
        return isAmd
                ? Answer.OK.with(
                        "dte", Value.of(List.of(low, high, Value.hex(entry.third()), Value.hex(0))))
                : Answer.OK.with("ste", Value.of(List.of(low, high)));
    }
}
