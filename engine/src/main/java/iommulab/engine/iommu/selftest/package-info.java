/// The IOMMU of the kernel's self-test ("mock"): no vendor's hardware, but the smallest that iommufd can be
/// tried with. Pages of 2 KiB, addresses of 31 bits, PASIDs of 20 bits, two stages in one simple format,
/// accessed and dirty bits. In the kernel it is a data structure of `drivers/iommu/iommufd/selftest.c`; here
/// it is hardware that reads tables in memory, whose bits are this program's own.
@NullMarked
package iommulab.engine.iommu.selftest;

import org.jspecify.annotations.NullMarked;
