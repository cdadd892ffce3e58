/// What the firmware tells the operating system about IOMMUs: the ACPI tables DMAR, IVRS, IORT and
/// VIOT, from raw bytes to records.
///
/// A damaged table is read up to the damage; what is wrong is a sentence in its `problems`, never an
/// exception. Specifications: Intel "Virtualization Technology for Directed I/O" (BIOS
/// considerations), AMD "I/O Virtualization Technology" (ACPI table), Arm "IO Remapping Table"
/// (DEN0049), ACPI "Virtual I/O Translation Table".
package iommulab.engine.firmware;
