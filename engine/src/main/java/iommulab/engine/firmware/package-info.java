/// What the firmware tells the operating system about IOMMUs: the ACPI tables DMAR, IVRS, IORT.
package iommulab.engine.firmware;
