package iommulab.engine.os.device;

import iommulab.engine.os.call.CallFailed;
import iommulab.engine.pci.PciAddress;

/// Which domain groups, and PASIDs of their functions, use. Source: kernel `iommu_attach_group`,
/// `iommu_attach_device_pasid`.
public interface Attachments {
    /// Whether a group is in its default domain: nobody went behind the kernel's back.
    boolean isInDefault(int group);

    /// Puts all members of a group into a domain.
    void attach(int group, int domain) throws CallFailed;

    /// Stops all requests without PASID of a group.
    void block(int group) throws CallFailed;

    /// Puts a group into its default domain.
    void useDefault(int group) throws CallFailed;

    /// Makes another default domain for a group that is in its default domain or blocked.
    ///
    /// @param type as sysfs prints it, or `auto`
    void setDefaultType(int group, String type) throws CallFailed;

    /// Lets a function send interrupts as messages. Where its IOMMU translates them, the table that it uses, and
    /// each that it will use, leads to their doorbell.
    ///
    /// @throws CallFailed (EINVAL) it has no such interrupts
    void enableInterrupts(PciAddress function) throws CallFailed;

    /// @param pasid 20 bits; replaces what the PASID used before
    void attachPasid(PciAddress function, int pasid, int domain) throws CallFailed;

    /// Nothing happens if it is not attached.
    void detachPasid(PciAddress function, int pasid) throws CallFailed;
}
