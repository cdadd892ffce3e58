package iommulab.engine.firmware;

import java.util.List;

/// The I/O Virtualization Reporting Structure: which AMD-Vi units there are, what each serves, and
/// which memory must stay reachable.
/// Spec: AMD I/O Virtualization Technology, "I/O Virtualization Reporting Structure (IVRS)".
///
/// @param info the `IVinfo` word
/// @param units in the order of the table, one per description (a unit may have several)
/// @param memory the memory definitions
/// @param problems what is wrong with the table, one sentence each
public record Ivrs(int info, List<Ivhd> units, List<Ivmd> memory, List<String> problems) {
    private static final int HIGHEST_TYPE_USED = 0x40;

    public Ivrs {
        units = List.copyOf(units);
        memory = List.copyOf(memory);
        problems = List.copyOf(problems);
    }

    /// Reads a table; see `problems` for damage.
    public static Ivrs read(byte[] raw) {
        return new IvrsReader(raw).read();
    }

    /// The descriptions that Linux uses: those of the last type it knows among the first unit's.
    public List<Ivhd> unitsUsed() {
        if (units.isEmpty()) {
            return List.of();
        }
        int first = units.getFirst().deviceId();
        int type =
                units.stream()
                        .filter(u -> u.deviceId() == first && u.type() <= HIGHEST_TYPE_USED)
                        .mapToInt(Ivhd::type)
                        .reduce(units.getFirst().type(), (_, later) -> later);
        return units.stream().filter(unit -> unit.type() == type).toList();
    }

    /// I/O virtualization hardware definition: one unit.
    ///
    /// @param type 0x10, 0x11 or 0x40
    /// @param flags 8 bits
    /// @param deviceId bus, device and function of the unit itself, 16 bits
    /// @param capabilityOffset of its capability block in its configuration space
    /// @param registerBase hpa of its registers
    /// @param segment PCI segment
    /// @param extendedFeatures image of the extended feature register, 0 in type 0x10
    /// @param entries what it serves
    public record Ivhd(
            int type,
            int flags,
            int deviceId,
            int capabilityOffset,
            long registerBase,
            int segment,
            long extendedFeatures,
            List<Entry> entries) {
        public Ivhd {
            entries = List.copyOf(entries);
        }
    }

    /// What a unit serves; device IDs have 16 bits, both ends of a range are served.
    public sealed interface Entry {
        record All(int settings) implements Entry {}

        record Select(int deviceId, int settings) implements Entry {}

        record Range(int first, int last, int settings) implements Entry {}

        /// @param alias the device ID under which the device's requests arrive
        record AliasSelect(int deviceId, int alias, int settings) implements Entry {}

        record AliasRange(int first, int last, int alias, int settings) implements Entry {}

        record ExtendedSelect(int deviceId, int settings, int extended) implements Entry {}

        record ExtendedRange(int first, int last, int settings, int extended) implements Entry {}

        /// An I/O APIC or HPET.
        ///
        /// @param variety 1 I/O APIC, 2 HPET
        record Special(int handle, int deviceId, int variety, int settings) implements Entry {}

        /// A device of the ACPI name space.
        record AcpiDevice(int deviceId, String hardwareId, int settings) implements Entry {}

        record Unknown(int type) implements Entry {}
    }

    /// I/O virtualization memory definition.
    ///
    /// @param type 0x20 all devices, 0x21 one, 0x22 a range
    /// @param flags bit 0 unity mapping, bit 1 readable, bit 2 writable, bit 3 exclusion range
    /// @param first first device ID
    /// @param last last device ID, inclusive
    /// @param segment PCI segment
    /// @param start first address
    /// @param bytes length
    public record Ivmd(
            int type, int flags, int first, int last, int segment, long start, long bytes) {
        /// Whether the range is mapped to itself (or excluded from translation).
        public boolean isMapping() {
            return (flags & 0b1001) != 0;
        }
    }
}
