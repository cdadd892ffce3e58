/// Devices that translate for themselves: PCIe address translation services (ATS), page requests (PRI) and
/// address spaces within one device (PASID), on the device's side.
package iommulab.engine.ats;
