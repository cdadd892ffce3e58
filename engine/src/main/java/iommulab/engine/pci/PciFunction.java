package iommulab.engine.pci;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/// One PCI function: its configuration bytes, and what its slot and the system say of it.
///
/// @param address where it sits
/// @param parent the bridge directly above; empty on a root bus
/// @param config its configuration bytes
/// @param ids vendor, device and class as the system reports them; a VF's own bytes read `ffff` there
/// @param physicalFunction for an SR-IOV virtual function, the function it belongs to
/// @param resources BARs, ROM and bridge windows that have an address
/// @param driver the driver bound to it, if known and any
/// @param numaNode memory node it is close to, if known
public record PciFunction(
        PciAddress address,
        Optional<PciAddress> parent,
        ConfigSpace config,
        PciIds ids,
        Optional<PciAddress> physicalFunction,
        List<Resource> resources,
        Optional<String> driver,
        OptionalInt numaNode) {

    public PciFunction {
        resources = List.copyOf(resources);
    }

    /// The same function with other configuration bytes.
    public PciFunction withConfig(ConfigSpace config) {
        return new PciFunction(
                address, parent, config, ids, physicalFunction, resources, driver, numaNode);
    }

    /// The same function bound to another driver, or to none.
    public PciFunction withDriver(Optional<String> driver) {
        return new PciFunction(
                address, parent, config, ids, physicalFunction, resources, driver, numaNode);
    }

    /// Whether this is an SR-IOV virtual function.
    public boolean isVirtualFunction() {
        return physicalFunction.isPresent();
    }

    /// Vendor, device, subsystem and class numbers.
    ///
    /// @param vendor 16 bits
    /// @param device 16 bits
    /// @param subsystemVendor 16 bits, 0 if none
    /// @param subsystemDevice 16 bits, 0 if none
    /// @param classCode 24 bits: base class in 23:16, subclass in 15:8, programming interface in 7:0
    /// @param revision 8 bits
    public record PciIds(
            int vendor,
            int device,
            int subsystemVendor,
            int subsystemDevice,
            int classCode,
            int revision) {}

    /// An address range that the function decodes or forwards.
    ///
    /// @param index 0 to 5 BARs, 6 expansion ROM, 7 to 12 SR-IOV BARs, 13 and above bridge windows (the
    ///     kernel's numbering)
    /// @param start first address, hpa
    /// @param end last address, hpa, inclusive
    /// @param flags the kernel's resource flags (bit 8 I/O, bit 9 memory, bit 13 prefetchable)
    public record Resource(int index, long start, long end, long flags) {
        /// Whether it lies in memory space (not I/O space).
        public boolean isMemory() {
            return (flags & 0x200) != 0;
        }

        /// Whether an hpa lies in it.
        public boolean contains(long hpa) {
            return Long.compareUnsigned(hpa, start) >= 0 && Long.compareUnsigned(hpa, end) <= 0;
        }
    }
}
