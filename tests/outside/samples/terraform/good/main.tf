terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.0"
    }
  }
}

variable "name" {
  type = string
}

locals {
  tags = { app = var.name }
}

data "aws_caller_identity" "current" {}

resource "aws_s3_bucket" "assets" {
  bucket = "${var.name}-${data.aws_caller_identity.current.account_id}"
  tags   = local.tags
}

resource "aws_s3_bucket_versioning" "assets" {
  bucket = aws_s3_bucket.assets.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_security_group" "web" {
  name = var.name

  dynamic "ingress" {
    for_each = toset([443])

    content {
      from_port = ingress.value
      to_port   = ingress.value
      protocol  = "tcp"
    }
  }
}

output "bucket" {
  value = aws_s3_bucket.assets.arn
}
