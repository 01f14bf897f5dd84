//! Terraform, and what is wrong with it.

use crate::validate::cases::Case;

const MAIN: &str = "terraform {
  required_version = \">= 1.9\"
  required_providers {
    aws = {
      source  = \"hashicorp/aws\"
      version = \"~> 6.0\"
    }
  }
}

provider \"aws\" {
  region = var.region
}

module \"network\" {
  source = \"./network\"
  name   = local.name
}

resource \"aws_security_group\" \"web\" {
  name   = \"${local.name}-web\"
  vpc_id = module.network.id

  ingress {
    from_port   = 443
    to_port     = 443
    protocol    = \"tcp\"
    cidr_blocks = [\"0.0.0.0/0\"]
  }
  dynamic \"ingress\" {
    for_each = toset(var.offices)
    content {
      from_port   = 22
      to_port     = 22
      protocol    = \"tcp\"
      cidr_blocks = [ingress.value]
    }
  }
}

resource \"aws_db_instance\" \"main\" {
  storage_encrypted      = true
  publicly_accessible    = false
  password               = random_password.db.result
  vpc_security_group_ids = [for group in [aws_security_group.web] : group.id]
}

resource \"aws_s3_bucket\" \"files\" {
  bucket = local.name
}

resource \"aws_s3_bucket_public_access_block\" \"files\" {
  bucket                  = aws_s3_bucket.files.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource \"aws_iam_policy\" \"app\" {
  policy = jsonencode({
    Statement = [{
      Effect   = \"Allow\"
      Action   = [\"s3:GetObject\"]
      Resource = \"*\"
    }]
  })
}

data \"aws_iam_policy_document\" \"more\" {
  statement {
    actions   = [\"s3:*\"]
    resources = [\"*\"]
  }
}

resource \"aws_lb_listener\" \"http\" {
  port     = 80
  protocol = \"HTTP\"
  default_action {
    type = \"redirect\"
  }
}
";

const VARIABLES: &str = "variable \"region\" {
  type = string
}

variable \"offices\" {
  type    = list(string)
  default = []
}

variable \"api_token\" {
  type      = string
  sensitive = true
}

locals {
  is_open   = true
  is_closed = false
  all       = [\"0.0.0.0/0\"]
  none      = \"0.0.0.0\"
  db        = { safe = \"false\" }
  name      = \"shop-${data.aws_caller_identity.me.account_id}\"
}

data \"aws_caller_identity\" \"me\" {}

check \"alive\" {
  data \"http\" \"shop\" {
    url = \"https://example.com\"
  }
  assert {
    condition     = data.http.shop.status_code == 200
    error_message = \"it does not answer\"
  }
}

output \"bucket\" {
  value = aws_s3_bucket.files.id
}
";

const ATTRIBUTES: &str = "terraform {
  required_version = \">= 1.9\"
  required_providers {
    aws = { source = \"hashicorp/aws\", version = \"~> 6.0\" }
  }
}

resource \"aws_security_group\" \"web\" {
  ingress = [
    { from_port = 20, to_port = 30, protocol = \"tcp\", cidr_blocks = [\"10.0.0.0/8\"] },
  ]
}

resource \"aws_iam_role_policy_attachment\" \"web\" {
  role       = \"web\"
  policy_arn = \"arn:aws:iam::aws:policy/PowerUserAccess\"
}

module \"db\" {
  source = \"./db\"
  open   = false
}
";

const MODULE: &str = "terraform {
  required_version = \">= 1.9\"
  required_providers {
    aws = { source = \"hashicorp/aws\", version = \"~> 6.0\" }
  }
}
variable \"open\" {
  type = bool
}
resource \"aws_db_instance\" \"db\" {
  publicly_accessible = var.open
  storage_encrypted   = true
}
";

const OTHERS: &str = "terraform {
  required_version = \">= 1.9\"
  required_providers {
    azurerm = { source = \"hashicorp/azurerm\", version = \"~> 4.0\" }
    google  = { source = \"hashicorp/google\", version = \"~> 7.0\" }
  }
}

resource \"azurerm_mssql_server\" \"main\" {
  public_network_access_enabled = false
  minimum_tls_version           = \"1.2\"
}

resource \"azurerm_linux_web_app\" \"main\" {
  https_only = true
}

resource \"azurerm_network_security_rule\" \"ssh\" {
  direction              = \"Inbound\"
  access                 = \"Allow\"
  source_address_prefix  = \"10.0.0.0/8\"
  destination_port_range = \"22\"
}

resource \"google_sql_database_instance\" \"main\" {
  settings {
    ip_configuration {
      ipv4_enabled = false
      ssl_mode     = \"ENCRYPTED_ONLY\"
    }
  }
}

resource \"google_compute_firewall\" \"web\" {
  source_ranges = [\"0.0.0.0/0\"]
  allow {
    protocol = \"tcp\"
    ports    = [\"443\"]
  }
}

resource \"google_cloud_run_v2_service_iam_member\" \"web\" {
  role   = \"roles/run.invoker\"
  # wharf: allow public-access because it is the shop that everybody visits
  member = \"allUsers\"
}
";

pub(in crate::validate) const CASES: &[Case] = &[
    Case {
        files: &[
            ("infra/terraform-aws/main.tf", MAIN),
            ("infra/terraform-aws/variables.tf", VARIABLES),
            ("infra/terraform-aws/password.tf", "resource \"random_password\" \"db\" {\n  provider = aws\n}\n"),
            ("infra/terraform-aws/network/main.tf", "output \"id\" {\n  value = 1\n}\n"),
            ("infra/terraform-aws/environments/production.tfvars", "region = \"eu-central-1\"\n"),
        ],
        breaks: &[
            ("    protocol    = \"tcp\"\n", "    protocol    =\n", "terraform-syntax", 27),
            ("data \"aws_iam_policy_document\"", "date \"aws_iam_policy_document\"", "terraform-syntax", 70),
            ("data \"aws_iam_policy_document\" \"more\"", "data \"aws_iam_policy_document\"", "terraform-syntax", 70),
            ("  value = aws_s3_bucket.files.id\n", "", "terraform-syntax", 36),
            ("variable \"api_token\"", "variable \"region\"", "terraform-syntax", 10),
            ("region = var.region", "region = var.regon", "unknown-reference", 12),
            ("${local.name}-web", "${local.nam}-web", "unknown-reference", 21),
            ("module.network.id", "module.net.id", "unknown-reference", 22),
            ("random_password.db.result", "random_password.main.result", "unknown-reference", 44),
            ("data.http.shop.", "data.http.shops.", "unknown-reference", 31),
            ("data.aws_caller_identity.me.", "data.aws_caller_identity.you.", "unknown-reference", 21),
            ("ingress.value", "egress_rule.value", "unknown-reference", 36),
            ("\"./network\"", "\"./net\"", "unknown-file", 16),
            ("      version = \"~> 6.0\"\n", "", "unpinned-provider", 4),
            ("  required_version = \">= 1.9\"\n", "", "unpinned-provider", 1),
            ("from_port   = 443", "from_port   = 20", "open-admin-port", 28),
            ("protocol    = \"tcp\"", "protocol    = \"-1\"", "open-admin-port", 28),
            ("publicly_accessible    = false", "publicly_accessible    = true", "public-database", 43),
            ("  storage_encrypted      = true\n", "", "unencrypted", 41),
            ("storage_encrypted      = true", "storage_encrypted      = false", "unencrypted", 42),
            ("block_public_acls       = true", "block_public_acls       = false", "public-storage", 54),
            (
                "bucket                  = aws_s3_bucket.files.id",
                "bucket                  = var.region",
                "public-storage",
                48,
            ),
            ("[\"s3:GetObject\"]", "\"*\"", "broad-permissions", 64),
            ("[\"s3:*\"]", "[\"*\"]", "broad-permissions", 71),
            (
                "publicly_accessible    = false",
                "publicly_accessible    = var.region == \"x\" ? false : true",
                "public-database",
                43,
            ),
            ("publicly_accessible    = false", "publicly_accessible    = local.is_open", "public-database", 43),
            ("publicly_accessible    = false", "publicly_accessible    = !local.is_closed", "public-database", 43),
            ("storage_encrypted      = true", "storage_encrypted      = tobool(local.db.safe)", "unencrypted", 42),
            ("cidr_blocks = [ingress.value]", "cidr_blocks = [\"128.0.0.0/1\"]", "open-admin-port", 36),
            ("cidr_blocks = [ingress.value]", "ipv6_cidr_blocks = [\"::/0\"]", "open-admin-port", 36),
            (
                "cidr_blocks = [ingress.value]",
                "cidr_blocks = concat([\"10.0.0.0/8\"], local.all)",
                "open-admin-port",
                36,
            ),
            ("cidr_blocks = [ingress.value]", "cidr_blocks = [\"${local.none}/0\"]", "open-admin-port", 36),
            ("toset(var.offices)", "toset([\"0.0.0.0/0\"])", "open-admin-port", 36),
            ("  default = []", "  default = [\"0.0.0.0/0\"]", "open-admin-port", 36),
            ("region = \"eu-central-1\"", "region = \"x\"\noffices = [\"0.0.0.0/1\"]", "open-admin-port", 36),
            (
                "  policy = jsonencode({\n    Statement = [{\n      Effect   = \"Allow\"\n      Action   = [\"s3:GetObject\"]\n      Resource = \"*\"\n    }]\n  })",
                "  policy = <<EOF\n{\"Statement\": [{\"Effect\": \"Allow\",\n\"Action\": \"*\", \"Resource\": \"*\"}]}\nEOF",
                "broad-permissions",
                63,
            ),
            ("type = \"redirect\"", "type = \"forward\"", "plain-transport", 79),
            ("random_password.db.result", "\"hunter2hunter2\"", "secret-in-file", 44),
            ("  sensitive = true", "  default   = \"abc\"", "secret-in-file", 12),
            ("region = \"eu-central-1\"", "regon = \"x\"\nregion = \"x\"", "unknown-reference", 1),
            ("region = \"eu-central-1\"", "api_token = \"abcdef\"\nregion = \"x\"", "secret-in-file", 1),
            ("region = \"eu-central-1\"", "offices = []", "missing-value", 1),
            ("random_password.db.result", "local.none", "secret-in-file", 44),
            ("vpc_id = module.network.id", "vpc_id = var.place", "unknown-reference", 22),
        ],
    },
    Case {
        files: &[("infra/terraform-aws/main.tf", ATTRIBUTES), ("infra/terraform-aws/db/main.tf", MODULE)],
        breaks: &[
            ("10.0.0.0/8", "0.0.0.0/0", "open-admin-port", 10),
            ("PowerUser", "Administrator", "broad-permissions", 16),
            ("open   = false", "open   = true", "public-database", 11),
        ],
    },
    Case {
        files: &[("infra/terraform-azure/main.tf", OTHERS)],
        breaks: &[
            ("  public_network_access_enabled = false\n", "", "public-database", 9),
            (
                "minimum_tls_version           = \"1.2\"",
                "minimum_tls_version           = \"1.0\"",
                "plain-transport",
                11,
            ),
            ("https_only = true", "https_only = false", "plain-transport", 15),
            ("10.0.0.0/8", "*", "open-admin-port", 21),
            ("ipv4_enabled = false", "ipv4_enabled = true", "public-database", 28),
            ("ENCRYPTED_ONLY", "ALLOW_UNENCRYPTED_AND_ENCRYPTED", "plain-transport", 29),
            ("[\"443\"]", "[\"443\", \"20-30\"]", "open-admin-port", 35),
            (
                "  source_ranges = [\"0.0.0.0/0\"]\n  allow {\n    protocol = \"tcp\"\n    ports    = [\"443\"]",
                "  allow {\n    protocol = \"tcp\"\n    ports    = [\"22\"]",
                "open-admin-port",
                35,
            ),
            ("  # wharf: allow public-access because it is the shop that everybody visits\n", "", "public-access", 44),
            ("roles/run.invoker", "roles/editor", "broad-permissions", 43),
        ],
    },
    Case {
        files: &[(
            "infra/a.tf",
            "module \"x\" {\n  source  = \"terraform-aws-modules/vpc/aws\"\n  version = \"6.0.1\"\n}\n",
        )],
        breaks: &[("  version = \"6.0.1\"\n", "", "unpinned-provider", 2)],
    },
];
