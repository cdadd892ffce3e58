/// Processes as the IOMMU's users see them: named memory, capabilities, open files.
package iommulab.engine.os.process;
