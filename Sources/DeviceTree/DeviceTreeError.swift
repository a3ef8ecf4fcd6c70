internal import CFDT

/// Why a device tree could not be opened, read, changed or merged.
///
/// A path is `/` where the whole tree is meant.
public enum DeviceTreeError: Error, CustomStringConvertible {
    /// The bytes do not start with the magic number of a blob (`FDT_ERR_BADMAGIC`).
    case notADeviceTree
    /// The blob, or a block in it, ends too early (`FDT_ERR_TRUNCATED`).
    case truncated
    /// The format version is older than 16 or newer than 17 (`FDT_ERR_BADVERSION`).
    case unsupportedVersion(UInt32)
    /// The blocks overlap, are misaligned, or lie outside the blob (`FDT_ERR_BADLAYOUT`).
    case badLayout
    /// Nodes and properties are not properly nested there (`FDT_ERR_BADSTRUCTURE`).
    case badStructure(path: String)
    /// Nodes nest deeper than ``DeviceTree/maximumDepth``.
    case tooDeep(path: String)
    /// The tree has, or would have, more bytes than the limit (`FDT_ERR_NOSPACE`).
    case tooLarge(bytes: Int, limit: Int)
    /// The name of a node or property there is empty or has a character that no name may have.
    case badName(path: String, name: String)
    /// Two properties or two children of the node have that name.
    case duplicateName(path: String, name: String)
    /// A path that does not consist of names, each after one slash (`FDT_ERR_BADPATH`).
    case badPath(String)
    /// There is no such node (`FDT_ERR_NOTFOUND`).
    case noSuchNode(path: String)
    /// The node has no such property (`FDT_ERR_NOTFOUND`).
    case noSuchProperty(path: String, property: String)
    /// There is already such a node (`FDT_ERR_EXISTS`).
    case nodeExists(path: String)
    /// The property does not hold what it has to (`FDT_ERR_BADVALUE`).
    case badValue(path: String, property: String)
    /// The property is not a sound `#address-cells` or its kin (`FDT_ERR_BADNCELLS`).
    case badCellCount(path: String, property: String)
    /// The node has no sound phandle, or none can be found (`FDT_ERR_BADPHANDLE`).
    case badPhandle(path: String)
    /// All phandles are in use (`FDT_ERR_NOPHANDLES`).
    case outOfPhandles
    /// The overlay is sound as a tree but not as an overlay (`FDT_ERR_BADOVERLAY`).
    case badOverlay(path: String, property: String)
    /// The overlay refers to a label that the tree's `/__symbols__` does not have.
    case unknownLabel(String)
    /// The overlay's fragment aims at a node that the tree does not have.
    case noOverlayTarget(fragment: String, target: String)
    /// libfdt refused its arguments with this code, which is a mistake in this module.
    case internalError(code: Int32, path: String)

    /// One line that says what is wrong, and where.
    public var description: String {
        switch self {
        case .notADeviceTree: "not a device tree blob: the magic number d00dfeed is missing"
        case .truncated: "the device tree blob is truncated"
        case .unsupportedVersion(let version):
            "device tree version \(version): only 16 and 17 are supported; recompile it with dtc -V 17"
        case .badLayout: "the blocks of the device tree blob overlap, are misaligned or lie outside it"
        case .badStructure(let path): "\(path): nodes and properties are not properly nested"
        case .tooDeep(let path): "\(path): nodes nest deeper than \(DeviceTree.maximumDepth) levels"
        case .tooLarge(let bytes, let limit): "a device tree of \(bytes) bytes is over the limit of \(limit)"
        case .badName(let path, let name): "\(path): '\(name)' is not the name of a node or property"
        case .duplicateName(let path, let name): "\(path): the name '\(name)' occurs twice"
        case .badPath(let path): "'\(path)' is not the path of a node: it starts with / and has no empty parts"
        case .noSuchNode(let path): "\(path): no such node"
        case .noSuchProperty(let path, let property): "\(path): no property '\(property)'"
        case .nodeExists(let path): "\(path): the node exists already"
        case .badValue(let path, let property): "\(path): property '\(property)' does not hold what it has to"
        case .badCellCount(let path, let property): "\(path): property '\(property)' is not a count of cells"
        case .badPhandle(let path): "\(path): no sound phandle"
        case .outOfPhandles: "all phandles are in use"
        case .badOverlay(let path, let property): "overlay \(path): '\(property)' is not sound"
        case .unknownLabel(let label):
            "the overlay refers to the label '\(label)', which the tree's /__symbols__ lacks (compile it with dtc -@)"
        case .noOverlayTarget(let fragment, let target): "overlay \(fragment): the tree has no target \(target)"
        case .internalError(let code, let path): "\(path): libfdt refused a call with code \(code)"
        }
    }

    /// The case for the negative result `code` of a libfdt call about the node at `path`, and `property` if any.
    static func libfdt(_ code: Int32, path: String = "/", property: String? = nil) -> DeviceTreeError {
        switch -code {
        case FDT_ERR_NOTFOUND:
            if let property { .noSuchProperty(path: path, property: property) } else { .noSuchNode(path: path) }
        case FDT_ERR_EXISTS: .nodeExists(path: path)
        case FDT_ERR_NOSPACE: .tooLarge(bytes: DeviceTree.maximumSize + 1, limit: DeviceTree.maximumSize)
        case FDT_ERR_BADPATH: .badPath(path)
        case FDT_ERR_BADPHANDLE: .badPhandle(path: path)
        case FDT_ERR_TRUNCATED: .truncated
        case FDT_ERR_BADMAGIC: .notADeviceTree
        case FDT_ERR_BADVERSION: .unsupportedVersion(0)
        case FDT_ERR_BADSTRUCTURE: .badStructure(path: path)
        case FDT_ERR_BADLAYOUT: .badLayout
        case FDT_ERR_BADNCELLS: .badCellCount(path: path, property: property ?? "")
        case FDT_ERR_BADVALUE: .badValue(path: path, property: property ?? "")
        case FDT_ERR_BADOVERLAY: .badOverlay(path: path, property: property ?? "")
        case FDT_ERR_NOPHANDLES: .outOfPhandles
        default: .internalError(code: code, path: path)
        }
    }
}
