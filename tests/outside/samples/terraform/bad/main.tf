resource "aws_bucket" "assets" {
  bucket = var.nobody
}

resource "aws_s3_bucket_versioning" "assets" {
  buckets = aws_s3_bucket.assets.id

  versioning_configuration {
    state = "Enabled"
  }
}

resource "aws_security_group" "web" {
  name = local.nothing
  ingress {
    from_port = 22
    to_port = 22
    protocol = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_ecs_service" "web" {
  name    = "web"
  cluster = aws_security_group.web.address
}
