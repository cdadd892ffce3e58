/// Writing page tables, as an operating system does: maps and unmaps in the tables of any format. Shares no
/// code with the hardware that reads them, so that the two test each other.
@NullMarked
package iommulab.engine.iommu.builder;

import org.jspecify.annotations.NullMarked;
