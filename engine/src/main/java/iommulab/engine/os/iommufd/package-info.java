/// iommufd: address spaces, page tables, devices and what is made of them, as numbered objects of one file.
/// Source: kernel `drivers/iommu/iommufd`, `include/uapi/linux/iommufd.h`.
package iommulab.engine.os.iommufd;
