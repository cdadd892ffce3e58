package iommulab.engine.firmware;

import java.util.List;
import java.util.stream.Stream;

/// The DMA Remapping table: which VT-d units there are, what each serves, and which memory the
/// firmware's own devices must still reach.
/// Spec: VT-d, "DMA Remapping Reporting Structure".
///
/// @param hostAddressBits widest host physical address
/// @param flags bit 0 interrupt remapping, bit 1 x2APIC opt-out, bit 2 DMA control opt-in
/// @param structures in the order of the table
/// @param problems what is wrong with the table, one sentence each
public record Dmar(
        int hostAddressBits, int flags, List<Structure> structures, List<String> problems) {

    public Dmar {
        structures = List.copyOf(structures);
        problems = List.copyOf(problems);
    }

    /// Reads a table; see `problems` for damage.
    public static Dmar read(byte[] raw) {
        return new DmarReader(raw).read();
    }

    /// The units, those that serve the rest of a segment last: the order in which Linux asks them.
    public List<Drhd> units() {
        return Stream.concat(
                        of(Drhd.class).filter(unit -> !unit.includeAll()),
                        of(Drhd.class).filter(Drhd::includeAll))
                .toList();
    }

    /// The reserved memory regions.
    public List<Rmrr> reservedMemory() {
        return of(Rmrr.class).toList();
    }

    private <T extends Structure> Stream<T> of(Class<T> kind) {
        return structures.stream().filter(kind::isInstance).map(kind::cast);
    }

    /// One remapping structure.
    public sealed interface Structure {}

    /// A DMA remapping hardware unit.
    ///
    /// @param includeAll `INCLUDE_PCI_ALL`: it serves what no other unit of the segment names
    /// @param segment PCI segment
    /// @param registerBase hpa of its registers
    /// @param scopes what it serves
    public record Drhd(boolean includeAll, int segment, long registerBase, List<DeviceScope> scopes)
            implements Structure {
        public Drhd {
            scopes = List.copyOf(scopes);
        }
    }

    /// Memory that some devices use behind the operating system's back, and must be mapped to itself.
    ///
    /// @param start first address
    /// @param last last address, inclusive
    public record Rmrr(int segment, long start, long last, List<DeviceScope> scopes)
            implements Structure {
        public Rmrr {
            scopes = List.copyOf(scopes);
        }
    }

    /// Root ports below which ATS may be used.
    ///
    /// @param allPorts every root port of the segment
    public record Atsr(boolean allPorts, int segment, List<DeviceScope> scopes)
            implements Structure {
        public Atsr {
            scopes = List.copyOf(scopes);
        }
    }

    /// Root complex integrated devices with an address translation cache.
    ///
    /// @param required they need ATS to work
    public record Satc(boolean required, int segment, List<DeviceScope> scopes)
            implements Structure {
        public Satc {
            scopes = List.copyOf(scopes);
        }
    }

    /// Memory node of a unit.
    public record Rhsa(long registerBase, int proximityDomain) implements Structure {}

    /// A device of the ACPI name space.
    public record Andd(int number, String name) implements Structure {}

    /// A structure of a type that is not decoded.
    public record Unknown(int type, int bytes) implements Structure {}
}
