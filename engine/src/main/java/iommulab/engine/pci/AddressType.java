package iommulab.engine.pci;

/// What a memory request says of its own address: the AT field of its header.
/// Spec: PCIe Base, "Address Translation Services", Address Type field.
public enum AddressType {
    /// An iova (00b): what every function without ATS sends.
    UNTRANSLATED,
    /// A question (01b): to which hpa does this iova lead?
    TRANSLATION_REQUEST,
    /// An hpa that the function got by ATS and kept in its device TLB (10b).
    TRANSLATED
}
