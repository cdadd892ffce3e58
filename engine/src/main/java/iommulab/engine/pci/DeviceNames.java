package iommulab.engine.pci;

import iommulab.engine.pci.PciFunction.PciIds;

import java.io.IOException;
import java.io.InputStream;

/// What people call vendors, devices and classes. An ID that nobody named shows as itself in
/// brackets, such as `[8086:0b25]`.
public interface DeviceNames {
    /// Knows no name.
    DeviceNames NONE = reading(InputStream::nullInputStream);

    /// Where the names come from; opened when the first name is asked for.
    interface Source {
        InputStream open() throws IOException;
    }

    /// Names from a file in the format of the PCI ID database (`pci.ids`), compressed with gzip or not.
    /// If it cannot be read, no name is known and [#problem] says why.
    static DeviceNames reading(Source source) {
        return new PciIdDatabase(source);
    }

    /// Such as `Intel Corporation`, else `[8086]`.
    String vendor(int vendor);

    /// Such as `82599 10 Gigabit Network Connection`, else `[8086:10fb]`.
    String device(int vendor, int device);

    /// The name of the card that the device sits on, else `[1af4:1100]`; empty if it has no
    /// subsystem IDs.
    String subsystem(PciIds ids);

    /// The subclass, such as `PCI bridge`, else the class with its number, else `[0604]`.
    ///
    /// @param classCode 24 bits: base class, subclass, programming interface
    String classOf(int classCode);

    /// The programming interface, such as `NVM Express`; empty if it has no name.
    ///
    /// @param classCode 24 bits: base class, subclass, programming interface
    String programmingInterface(int classCode);

    /// Why no names are known, a sentence; empty if nothing is wrong.
    String problem();

    /// Vendor and device with their numbers, such as `Red Hat, Inc. QEMU PCIe Root port [1b36:000c]`.
    default String describe(PciIds ids) {
        String numbers = "[%04x:%04x]".formatted(ids.vendor(), ids.device());
        String device = device(ids.vendor(), ids.device());
        String named = device.equals(numbers) ? numbers : device + " " + numbers;
        return vendor(ids.vendor()) + " " + named;
    }
}
