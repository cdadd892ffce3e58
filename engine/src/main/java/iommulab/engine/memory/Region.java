package iommulab.engine.memory;

import iommulab.engine.pci.PciAddress;

import java.util.Optional;

/// What answers in a range of host-physical addresses.
///
/// @param kind what sort
/// @param name such as `System RAM`, `BAR 0 of 0000:03:00.0`
/// @param owner the function whose BAR it is
public record Region(AddressRange range, RegionKind kind, String name, Optional<PciAddress> owner) {
    /// What sort of thing answers.
    public enum RegionKind {
        RAM,
        /// RAM that holds an IOMMU's tables.
        TABLES,
        BAR,
        /// Message-signalled interrupts, 0xfee00000 to 0xfeefffff.
        INTERRUPT,
        RESERVED;

        /// Whether memory frames lie behind it.
        public boolean isMemory() {
            return this == RAM || this == TABLES;
        }
    }
}
